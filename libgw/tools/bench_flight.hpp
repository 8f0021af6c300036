// What one connection of the load generator has in flight: when its messages left, which answer is whose, and what is
// counted of them. Used by the connection.
#pragma once

#include "tools/bench_thread.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace gw::tools {

/// Without `match` answers belong to the oldest message to their service, and messages that left together are kept
/// together; with it they are found by their key. Functions about what came in return how many messages that were in
/// flight are not any more.
class bench_flight {
 public:
  explicit bench_flight(bench_thread& of);

  std::uint64_t waiting() const noexcept { return waiting_; }

  /// A message is written; `all_left()` follows when they are handed over.
  void leaves(std::size_t service, std::string_view text, bench_departure when);
  void all_left(bench_departure when);

  std::uint64_t answered(std::size_t service, std::string_view text);
  /// An error frame of a gateway, for as many messages as it says: quick, so it says nothing of the latency.
  std::uint64_t failed(bench_answer const& by);
  /// Their connection or channel has ended: what became of them is unknown.
  std::uint64_t lose(std::size_t service, time_point since = time_point::max());
  void lose_all();
  /// Forgets all that is on its way; what left before `since` counts as unanswered.
  void forget(time_point since);

  /// Times the answers since the last call, with one look at the clock; returns what it says.
  time_point settle();

 private:
  struct batch {
    bench_departure left{};
    std::uint64_t count = 0;
  };
  /// The unanswered messages to one service, oldest first.
  struct queue {
    std::vector<batch> batches{};
    std::size_t first = 0;
    std::vector<std::uint64_t> digests{};  // `check`: of each, 0 if it is not to be compared
    std::size_t first_digest = 0;
    std::uint64_t waiting = 0;
    std::uint64_t fresh_answers = 0;   // not yet timed,
    std::uint64_t fresh_bytes = 0;     // and what they hold
    std::uint64_t fresh_messages = 0;  // since all_left()

    template <class Function>
    void take(std::uint64_t count, Function each);
    std::uint64_t take_digest();
  };

  /// An answer that was found by its key, not yet timed.
  struct match {
    std::size_t service = 0;
    bench_departure left{};
    std::uint64_t bytes = 0;
  };

  std::uint64_t matched(std::string_view text);
  std::uint64_t failed_by_key(bench_answer const& by);
  void settle(std::size_t service, time_point now);
  void settle_matches(time_point now);
  void count_answers(std::size_t service, bench_departure const& left, std::uint64_t count, time_point now);
  void count_bytes(std::size_t service, bench_departure const& left, std::uint64_t bytes);
  void no_longer(std::uint64_t count);
  bool was_answered(std::uint64_t key) const noexcept;
  std::uint64_t digest_to_compare(std::string_view text);

  bench_thread& thread_;
  std::vector<queue> queues_;  // by service
  bench_pending pending_;      // `match` only
  std::vector<match> fresh_matches_;
  std::uint64_t waiting_ = 0;
  std::uint64_t checkable_ = 0;  // `check`: messages so far
};

}  // namespace gw::tools
