#include "tools/delay.hpp"

#include "core/trimmed.hpp"
#include "core/units.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

namespace gw::tools {
namespace {

using milliseconds = std::chrono::milliseconds;

constexpr double z_of_p99 = 2.3263478740408408;  // the 99th percentile of the standard normal distribution
constexpr double longest_ms = 60.0 * 60 * 1000;

error bad(std::string_view text, std::string_view why) {
  return {errc::bad_usage,
          side::client,
          fmt::format("'{}' is not a delay: {}; write 50ms, 5ms..20ms, 5ms±2ms, normal(5ms,2ms) or '5ms p99 80ms'",
                      text, why),
          {}};
}

struct pair {
  milliseconds first;
  milliseconds second;
};

/// The durations on both sides of `mark`; nothing: it is not there.
std::optional<result<pair>> split(std::string_view text, std::string_view mark) {
  auto const at = text.find(mark);
  if (at == std::string_view::npos) return std::nullopt;
  auto const first = parse_duration(trimmed(text.substr(0, at)));
  if (!first) return first.error();
  auto const second = parse_duration(trimmed(text.substr(at + mark.size())));
  if (!second) return second.error();
  return pair{*first, *second};
}

result<delay> judged(std::string_view text, delay made) {
  if (made.how == delay::form::uniform && made.first > made.second) return bad(text, "the first is the larger one");
  bool const is_tail = made.how == delay::form::tail;
  if (is_tail && (made.first == made.first.zero() || made.first > made.second)) {
    return bad(text, "the 99th percentile lies above the median, and that above 0");
  }
  if (static_cast<double>(std::max(made.first, made.second).count()) > longest_ms) {
    return bad(text, "an hour is the longest");
  }
  return made;
}

}  // namespace

duration delay::draw(std::mt19937_64& from) const {
  auto const a = static_cast<double>(first.count());
  auto const b = static_cast<double>(second.count());
  double ms = a;
  switch (how) {
    case form::fixed:
      break;
    case form::uniform:
      ms = std::uniform_real_distribution<double>(a, b)(from);
      break;
    case form::normal:
      ms = a + b * std::normal_distribution<double>()(from);
      break;
    case form::tail:
      ms = a * std::exp(std::log(b / a) / z_of_p99 * std::normal_distribution<double>()(from));
      break;
  }
  return std::chrono::duration_cast<duration>(
      std::chrono::duration<double, std::milli>(std::clamp(ms, 0.0, longest_ms)));
}

result<delay> parse_delay(std::string_view text) {
  constexpr std::string_view normal = "normal(";
  if (text.starts_with(normal)) {
    if (!text.ends_with(')')) return bad(text, "a ')' is missing");
    auto const inside = split(text.substr(normal.size(), text.size() - normal.size() - 1), ",");
    if (!inside) return bad(text, "a mean and a deviation with ',' between them are missing");
    if (!*inside) return bad(text, inside->error().context);
    return judged(text, {delay::form::normal, (*inside)->first, (*inside)->second});
  }
  if (auto const range = split(text, "..")) {
    if (!*range) return bad(text, range->error().context);
    return judged(text, {delay::form::uniform, (*range)->first, (*range)->second});
  }
  for (std::string_view const mark : {"±", "+-"}) {
    auto const about = split(text, mark);
    if (!about) continue;
    if (!*about) return bad(text, about->error().context);
    auto const [middle, away] = **about;
    if (away > middle) return bad(text, "it would go below 0");
    return judged(text, {delay::form::uniform, middle - away, middle + away});
  }
  if (auto const tail = split(text, " p99 ")) {
    if (!*tail) return bad(text, tail->error().context);
    return judged(text, {delay::form::tail, (*tail)->first, (*tail)->second});
  }
  auto const fixed = parse_duration(text);
  if (!fixed) return bad(text, fixed.error().context);
  return judged(text, {.first = *fixed});
}

std::string delay_text(delay const& value) {
  auto const first = duration_text(value.first);
  auto const second = duration_text(value.second);
  switch (value.how) {
    case delay::form::fixed:
      return first;
    case delay::form::uniform:
      return fmt::format("{}..{}", first, second);
    case delay::form::normal:
      return fmt::format("normal({},{})", first, second);
    case delay::form::tail:
      return fmt::format("{} p99 {}", first, second);
  }
  return first;
}

}  // namespace gw::tools
