#include "net/poller.hpp"

#include "testing/catch.hpp"
#include "testing/socket_pair.hpp"

#include <boost/asio/io_context.hpp>

#include <sys/socket.h>

#include <deque>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

using namespace gw;

namespace {

/// Notes its turns, in the order of all that share its list. Reads nothing, but says that it did.
class noted final : public net::pollable {
 public:
  noted(net::poller& at, std::vector<std::string>& told, std::string name, bool goes_first = false)
      : at_(at), told_(told), name_(std::move(name)) {
    std::tie(ours_, theirs_) = testing::socket_pair();
    goes_first_ = goes_first;
  }
  ~noted() {
    if (watched) at_.remove(ours_.get(), *this);
  }
  noted(noted const&) = delete;
  noted& operator=(noted const&) = delete;

  int descriptor() const noexcept { return ours_.get(); }
  void become_ready() { REQUIRE(::send(theirs_.get(), "x", 1, MSG_NOSIGNAL) == 1); }
  void watch() {
    REQUIRE(at_.add(ours_.get(), *this));
    watched = true;
  }

  bool watched = false;

 private:
  std::size_t on_ready(std::span<char>) override {
    told_.push_back(name_);
    return 1;
  }
  void on_flush() override {}

  net::poller& at_;
  std::vector<std::string>& told_;
  std::string name_;
  net::unique_fd ours_;
  net::unique_fd theirs_;
};

struct world {
  monotonic_clock time;
  boost::asio::io_context io{1};
  net::poller sockets{io.get_executor(), time};
  std::vector<std::string> told;
};

}  // namespace

TEST_CASE("who goes first has its turn before all that were ready earlier, however many they are") {
  world w;
  std::deque<noted> crowd;
  for (int i = 0; i < 700; ++i) crowd.emplace_back(w.sockets, w.told, "crowd");
  noted first(w.sockets, w.told, "first", true);
  for (auto& one : crowd) {
    one.watch();
    one.become_ready();
  }
  first.watch();
  first.become_ready();
  w.sockets.turn();
  REQUIRE_FALSE(w.told.empty());
  CHECK(w.told.front() == "first");
  CHECK(w.told.size() < crowd.size());  // a turn ends
  while (w.told.size() <= crowd.size()) w.sockets.turn();
  CHECK(w.told.size() == crowd.size() + 1);
}

TEST_CASE("what takes a socket over gets its edges, those that came before too") {
  world w;
  noted before(w.sockets, w.told, "before");
  noted after(w.sockets, w.told, "after");
  before.watch();
  before.become_ready();
  w.sockets.turn();
  CHECK(w.told == std::vector<std::string>{"before"});
  REQUIRE(w.sockets.hand_over(before.descriptor(), before, after));
  w.sockets.turn();
  CHECK(w.told == std::vector<std::string>{"before", "after"});
  CHECK(w.sockets.watched() == 1);
  w.sockets.remove(before.descriptor(), after);
  before.watched = false;
}

TEST_CASE("a descriptor that is not open is neither watched nor handed over") {
  world w;
  noted one(w.sockets, w.told, "one");
  CHECK_FALSE(w.sockets.add(-1, one));
  CHECK_FALSE(w.sockets.hand_over(one.descriptor(), one, one));  // nobody watches it
  CHECK(w.sockets.watched() == 0);
}
