#include "core/units.hpp"

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <optional>
#include <span>

namespace gw {
namespace {

struct unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr unit time_units[] = {{"h", 3'600'000}, {"m", 60'000}, {"min", 60'000}, {"s", 1'000}, {"ms", 1}};
constexpr unit moment_units[] = {{"ms", 1'000}, {"us", 1}};
constexpr unit size_units[] = {{"GiB", 1ULL << 30},
                               {"GB", 1'000'000'000},
                               {"MiB", 1ULL << 20},
                               {"MB", 1'000'000},
                               {"KiB", 1ULL << 10},
                               {"KB", 1'000},
                               {"B", 1}};

/// No quantity of a gateway is larger than this; it keeps all sums far from overflow.
constexpr std::uint64_t largest = 1ULL << 52;
/// Nor longer than a century, which a clock can still count in nanoseconds.
constexpr std::chrono::hours longest(100 * 366 * 24);

error fault(std::string what) {
  return {.code = errc::bad_config, .context = std::move(what), .cause = {}};
}

/// Cuts the digits off the front of `text`; nothing if there are none or too many.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t value = 0;
  auto const [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

/// Cuts everything up to the next digit off the front of `text`.
std::string_view take_unit(std::string_view& text) {
  auto const name = text.substr(0, text.find_first_of("0123456789"));
  text.remove_prefix(name.size());
  return name;
}

unit const* find_unit(std::span<unit const> units, std::string_view name) {
  for (auto const& u : units) {
    if (u.name == name) return &u;
  }
  return nullptr;
}

struct quantity_words {
  std::span<unit const> units;
  std::string_view what;     // "a duration"
  std::string_view example;  // a number is put in front of these
};
constexpr quantity_words duration_words{time_units, "a duration", "\"{0}ms\", \"{0}s\", \"{0}m\" or \"{0}h\""};
constexpr quantity_words moment_words{moment_units, "a short time", "\"{0}us\" or \"{0}ms\""};
constexpr quantity_words size_words{size_units, "a size", "\"{0}B\", \"{0}KiB\" or \"{0}MB\""};

result<std::uint64_t> parse_quantity(std::string_view const text, quantity_words const& words) {
  if (text == "0") return 0;
  auto const how = [&](std::string_view number) { return fmt::format(fmt::runtime(words.example), number); };
  auto rest = text;
  std::uint64_t sum = 0;
  unit const* previous = nullptr;
  do {
    auto const number_at = rest;
    auto const number = take_number(rest);
    if (!number) return fault(fmt::format("'{}' is not {}; write {}", text, words.what, how("10")));
    auto const digits = number_at.substr(0, number_at.size() - rest.size());
    auto const name = take_unit(rest);
    if (name.empty()) return fault(fmt::format("'{}' needs a unit; write {}", text, how(digits)));
    auto const* const u = find_unit(words.units, name);
    if (u == nullptr) return fault(fmt::format("'{}' has an unknown unit '{}'; write {}", text, name, how(digits)));
    if (previous != nullptr && u->factor >= previous->factor) {
      return fault(fmt::format("'{}' must name its units from large to small, each once", text));
    }
    if (*number > largest / u->factor) return fault(fmt::format("'{}' is too large", text));
    sum += *number * u->factor;
    previous = u;
  } while (!rest.empty());
  return sum;
}

/// "1m30s"
std::string text_in(std::span<unit const> units, std::uint64_t rest) {
  if (rest == 0) return "0";
  std::string text;
  for (auto const& u : units) {
    if (rest >= u.factor) fmt::format_to(std::back_inserter(text), "{}{}", rest / u.factor, u.name);
    rest %= u.factor;
  }
  return text;
}

}  // namespace

result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  auto const ms = parse_quantity(text, duration_words);
  if (!ms) return ms.error();
  std::chrono::milliseconds const time(static_cast<std::int64_t>(*ms));
  if (time > longest) return fault(fmt::format("'{}' is too large", text));
  return time;
}

result<std::chrono::microseconds> parse_moment(std::string_view text) {
  auto const us = parse_quantity(text, moment_words);
  if (!us) return us.error();
  return std::chrono::microseconds(static_cast<std::int64_t>(*us));
}

result<std::size_t> parse_size(std::string_view text) {
  return parse_quantity(text, size_words);
}

result<rate> parse_rate(std::string_view text) {
  auto const no_rate = [text] { return fault(fmt::format("'{}' is not a rate; write \"200/s\" or \"20/10s\"", text)); };
  auto rest = text;
  auto const count = take_number(rest);
  if (!count || *count > largest || !rest.starts_with('/')) return no_rate();
  rest.remove_prefix(1);
  bool const unit_alone = find_unit(time_units, rest) != nullptr;
  auto const per = parse_duration(fmt::format("{}{}", unit_alone ? "1" : "", rest));
  if (!per) return no_rate();
  if (*per == std::chrono::milliseconds::zero()) return fault(fmt::format("'{}' counts in no time at all", text));
  return rate{*count, *per};
}

std::string duration_text(std::chrono::milliseconds value) {
  return text_in(time_units, static_cast<std::uint64_t>(value.count()));
}

std::string moment_text(std::chrono::microseconds value) {
  return text_in(moment_units, static_cast<std::uint64_t>(value.count()));
}

std::string size_text(std::size_t bytes) {
  if (bytes == 0) return "0";
  for (auto const name : {"GiB", "MiB", "KiB", "GB", "MB", "KB"}) {
    auto const factor = find_unit(size_units, name)->factor;
    if (bytes % factor == 0) return fmt::format("{}{}", bytes / factor, name);
  }
  return fmt::format("{}B", bytes);
}

std::string rate_text(rate value) {
  auto const per = duration_text(value.per);
  return fmt::format("{}/{}", value.count, find_unit(time_units, per.substr(1)) && per[0] == '1' ? per.substr(1) : per);
}

}  // namespace gw
