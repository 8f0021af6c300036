#include "tools/client_verdict.hpp"

#include "tools/explain.hpp"

#include <fmt/core.h>

#include <utility>

namespace gw::tools {

void client_verdict::settle(how verdict, std::string why) {
  if (std::exchange(settled_, true)) return;
  outcome_ = {verdict, std::move(why)};
}

void client_verdict::judge(step const& expectation, std::string_view message) {
  if (auto found = complaint(expectation, message)) settle(how::expectation_failed, std::move(*found));
}

bool client_verdict::judge_close(step const& expectation) {
  if (!so_far_.closed) {
    settle_missing(fmt::format("{}\n  got:      no Close", expectation.where()));
    return false;
  }
  if (expectation.code != 0 && expectation.code != so_far_.code) {
    settle(how::expectation_failed,
           fmt::format("{}\n  got:      {}", expectation.where(), explain_close(so_far_.code, so_far_.reason)));
  }
  return true;
}

void client_verdict::settle_missing(std::string_view what, how verdict) {
  if (so_far_.interrupted) return settle(how::interrupted, "interrupted");
  if (so_far_.closed) {
    return settle(verdict, fmt::format("{}: the server closed, {}", what, explain_close(so_far_.code, so_far_.reason)));
  }
  settle(verdict, fmt::format("{} within {} ms", what, limit_ ? limit_->count() : 0));
}

void client_verdict::settle_stay() {
  if (so_far_.interrupted) return settle(how::interrupted, "interrupted");
  bool const orderly = !so_far_.closed || so_far_.code == 1000 || so_far_.code == 1001 || so_far_.code == 1005;
  if (!orderly) {
    settle(how::failed, fmt::format("the server closed, {}", explain_close(so_far_.code, so_far_.reason)));
  }
}

}  // namespace gw::tools
