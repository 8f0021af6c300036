#include "discovery/name_book.hpp"

#include "net/task_group.hpp"
#include "testing/catch.hpp"

#include <future>
#include <optional>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace {

using addresses = std::vector<std::string>;

/// Knows everybody at once, but "slow" only when the test says so.
class world {
 public:
  world() {
    auto const look_up = [known = slow_.get_future().share()](std::string const& host) {
      if (host == "slow") known.wait();
      return gw::result<addresses>(addresses(1, "10.0.0.1"));
    };
    tested_.emplace(loop_, look_up);
  }
  ~world() {
    slow_.set_value();
    tested_->stop();
    until_idle();
    loop_.shut_down();
    loop_.io.run();
  }

  gw::discovery::name_book& tested() noexcept { return *tested_; }

  void learn(std::vector<std::string> hosts) { running_.spawn(tested_->learn(std::move(hosts))); }
  /// Whoever waits for a thread is told by the loop.
  void until_known(std::string_view host) {
    loop_.io.restart();
    while (tested_->addresses_of(host).empty()) loop_.io.run_one();
  }
  void until_idle() {
    loop_.io.restart();
    while (running_.size() != 0) loop_.io.run_one();
  }
  void pass(gw::duration time) {
    time_.advance(time);
    loop_.wheel.advance();
  }
  bool is_idle() const noexcept { return running_.size() == 0; }

 private:
  gw::manual_clock time_;
  gw::net::loop loop_{time_};
  gw::net::task_group running_{loop_.where()};
  std::promise<void> slow_;
  std::optional<gw::discovery::name_book> tested_;
};

}  // namespace

TEST_CASE("names are looked up side by side, and one that takes too long is given up") {
  world w;
  w.learn({"slow", "a", "slow", "b"});
  w.until_known("a");
  w.until_known("b");
  CHECK_FALSE(w.is_idle());
  w.pass(gw::discovery::name_book::longest_look_up + 1s);
  w.until_idle();
  CHECK(w.tested().addresses_of("a") == addresses{"10.0.0.1"});
  CHECK(w.tested().addresses_of("slow").empty());
}

TEST_CASE("a book that stops waits for nobody, and looks nothing up any more") {
  world w;
  w.learn({"a", "slow"});
  w.until_known("a");
  w.tested().stop();
  w.until_idle();
  w.learn({"c"});
  w.until_idle();
  CHECK(w.tested().addresses_of("c").empty());
}
