// A test told as a coroutine over a loop that the test's own thread drives. Every wait of it has a deadline in real
// time, and a wait in vain fails the test with the transcript of what everybody said so far. Used by the transcript
// tests; knows nothing of WebSockets.
#pragma once

#include "net/loop.hpp"
#include "net/task_group.hpp"
#include "testing/catch.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace gw::testing {

/// `text`, or its two ends if it is long.
inline std::string shortened(std::string const& text) {
  constexpr std::size_t end = 160;
  if (text.size() <= 2 * end) return text;
  return text.substr(0, end) + " ... " + text.substr(text.size() - end) + " (" + std::to_string(text.size()) +
         " bytes)";
}

class story {
 public:
  using body = std::function<net::awaitable<void>()>;

  explicit story(net::loop& where) : loop_(where), fulfilled_(where.where()) {}

  /// Adds a line to the transcript.
  void note(std::string const& line) { lines_.push_back(shortened(line)); }

  /// Waits until `holds`, which is asked after everything that happens on the loop. Fails the test after ten seconds.
  /// One wait at a time.
  net::awaitable<void> until(std::string what, std::function<bool()> holds) {
    if (holds()) co_return;
    what_ = std::move(what);
    condition_ = std::move(holds);
    give_up_at_ = real_time::now() + patience;
    fulfilled_.clear();
    co_await fulfilled_.wait();
    condition_ = nullptr;
    if (std::exchange(in_vain_, false)) FAIL("waited in vain for " << what_ << '\n' << transcript());
  }

  /// Waits until nothing has happened on the loop for a while: whatever could be done is done.
  net::awaitable<void> until_quiet() {
    quiet_ = false;
    wants_quiet_ = true;
    std::function<bool()> const is_quiet = [this] { return quiet_; };
    co_await until("a quiet moment", is_quiet);
    wants_quiet_ = false;
  }

  /// Runs `told`, then `farewell` (also if `told` has failed), to their ends, and rethrows the first failure. A
  /// farewell that waits in vain ends the process: what it waits for still lives.
  void run(body told, body farewell) {
    std::exception_ptr failure;
    bool over = false;
    net::task_group telling(loop_.where());
    telling.spawn(tell(std::move(told), std::move(farewell), failure, over));
    while (!over) step();
    drain();
    if (failure) std::rethrow_exception(failure);
  }

  std::string transcript() const {
    std::string text;
    for (auto const& line : lines_) text += "  " + line + '\n';
    return text.empty() ? "  (nothing was said)\n" : text;
  }

 private:
  using real_time = std::chrono::steady_clock;
  static constexpr std::chrono::seconds patience{10};
  static constexpr std::chrono::milliseconds quiet_for{40};

  net::awaitable<void> tell(body told, body farewell, std::exception_ptr& failure, bool& over) {
    try {
      co_await told();
    } catch (...) {
      failure = std::current_exception();
    }
    wants_quiet_ = false;
    if (failure) note("(the test fails here)");
    farewell_ = true;
    co_await farewell();
    over = true;
  }

  void step() {
    loop_.io.restart();
    auto const until = wants_quiet_ ? std::min(give_up_at_, real_time::now() + quiet_for) : give_up_at_;
    bool const idle = loop_.io.run_one_until(until) == 0;
    if (idle && wants_quiet_) quiet_ = true;
    if (condition_ && condition_()) return fulfilled_.set();
    if (idle || real_time::now() >= give_up_at_) give_up();
  }

  void give_up() {
    if (farewell_) {
      std::fprintf(stderr, "the test cannot end: waited in vain for %s\n%s", what_.c_str(), transcript().c_str());
      std::abort();
    }
    in_vain_ = true;
    give_up_at_ = real_time::now() + patience;
    fulfilled_.set();
  }

  void drain() {
    loop_.shut_down();
    loop_.io.restart();
    loop_.io.run_for(patience);
  }

  net::loop& loop_;
  net::event fulfilled_;
  std::vector<std::string> lines_;
  std::string what_ = "the beginning";
  std::function<bool()> condition_;
  real_time::time_point give_up_at_ = real_time::now() + patience;
  bool in_vain_ = false;
  bool wants_quiet_ = false;
  bool quiet_ = false;
  bool farewell_ = false;
};

}  // namespace gw::testing
