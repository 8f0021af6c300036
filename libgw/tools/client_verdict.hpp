// How a conversation of the client ended, and what that makes of it. Used by tools/client; pure.
#pragma once

#include "tools/client.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gw::tools {

/// Why nothing more comes, if so.
struct client_ending {
  bool closed = false;  // this connection, by the server
  std::uint16_t code = 0;
  std::string reason{};
  bool interrupted = false;
  bool late = false;  // the limit on the whole has passed

  bool over() const noexcept { return closed || interrupted || late; }
};

/// The first verdict counts.
class client_verdict {
 public:
  using how = client_outcome::verdict;

  /// `so_far` outlives this and is looked at when a verdict is due.
  client_verdict(client_ending const& so_far, std::optional<std::chrono::milliseconds> limit) noexcept
      : so_far_(so_far), limit_(limit) {}

  void settle(how verdict, std::string why);
  bool settled() const noexcept { return settled_; }

  /// By an expectation that looks at `message`.
  void judge(step const& expectation, std::string_view message);
  /// By an expect_close, when nothing more comes; whether the server closed at all.
  bool judge_close(step const& expectation);
  /// What was waited for did not come.
  void settle_missing(std::string_view what, how verdict = how::expectation_failed);
  /// There was nothing to wait for but the end.
  void settle_stay();

  client_outcome take() && noexcept { return std::move(outcome_); }

 private:
  client_ending const& so_far_;
  std::optional<std::chrono::milliseconds> limit_;
  bool settled_ = false;
  client_outcome outcome_;
};

}  // namespace gw::tools
