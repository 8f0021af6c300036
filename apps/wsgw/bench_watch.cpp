#include "bench_watch.hpp"

#include "tools/bench_report.hpp"

#include <fmt/core.h>

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace wsgw {
namespace {

constexpr std::size_t seconds_between_lines = 5;
constexpr std::string_view to_begin_of_line = "\r\x1b[K";

bool can_redraw() {
  char const* const kind = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) == 1 && kind != nullptr && std::string_view(kind) != "dumb";
}

}  // namespace

bench_watch::bench_watch(terminal const& to) : term_(to), redraws_(can_redraw()) {}

void bench_watch::show(gw::tools::bench_second const& what) {
  ++seconds_;
  auto const text = gw::tools::second_text(what);
  if (redraws_) {
    fmt::print(stderr, "{}{}", to_begin_of_line, text);
    std::fflush(stderr);
    drawn_ = true;
  } else if (seconds_ % seconds_between_lines == 0) {
    term_.note(text);
  }
}

void bench_watch::clear() {
  if (std::exchange(drawn_, false)) fmt::print(stderr, "{}", to_begin_of_line);
}

}  // namespace wsgw
