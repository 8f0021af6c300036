#include "tools/bench_threshold.hpp"

#include "core/did_you_mean.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>
#include <vector>

namespace gw::tools {
namespace {

enum class unit : std::uint8_t { time, rate, share, count };

struct suffix {
  std::string_view text;
  double factor;
};
constexpr std::array<suffix, 3> times = {{{"us", 1e3}, {"ms", 1e6}, {"s", 1e9}}};
constexpr std::array<suffix, 1> rates = {{{"/s", 1}}};
constexpr std::array<suffix, 1> shares = {{{"%", 0.01}}};
constexpr std::array<suffix, 1> counts = {{{"", 1}}};

struct unit_words {
  std::span<suffix const> suffixes;
  std::string_view example;
};

unit_words words_of(unit of) {
  switch (of) {
    case unit::time:
      return {times, "20ms"};
    case unit::rate:
      return {rates, "5000/s"};
    case unit::share:
      return {shares, "0.1%"};
    case unit::count:
      break;
  }
  return {counts, "10"};
}

std::string value_text(unit of, double value) {
  switch (of) {
    case unit::time:
      return value < 1e6 ? fmt::format("{:.4g}us", value / 1e3) : fmt::format("{:.4g}ms", value / 1e6);
    case unit::rate:
      return fmt::format("{:.1f}/s", value);
    case unit::share:
      return fmt::format("{:.4g}%", value * 100);
    case unit::count:
      break;
  }
  return fmt::format("{:.0f}", value);
}

template <class Number>
double as_double(Number value) {
  return static_cast<double>(value);
}

double percentile(bench_report const& r, double percent) {
  return as_double(r.all.latency_ns.value_at_percentile(percent));
}

error bad(std::string why) {
  return {errc::bad_usage, side::client, std::move(why), {}};
}

std::string without_blanks(std::string_view text) {
  std::string dense(text);
  std::erase(dense, ' ');
  return dense;
}

}  // namespace

struct bench_figure {
  std::string_view name;
  unit in;
  double (*of)(bench_report const& r);
};

namespace {

constexpr std::array<bench_figure, 11> figures = {{
    {"p50", unit::time, [](bench_report const& r) { return percentile(r, 50); }},
    {"p90", unit::time, [](bench_report const& r) { return percentile(r, 90); }},
    {"p99", unit::time, [](bench_report const& r) { return percentile(r, 99); }},
    {"p999", unit::time, [](bench_report const& r) { return percentile(r, 99.9); }},
    {"max", unit::time, [](bench_report const& r) { return as_double(r.all.latency_ns.max()); }},
    {"mean", unit::time, [](bench_report const& r) { return r.all.latency_ns.mean(); }},
    {"rate", unit::rate, [](bench_report const& r) { return r.per_second(); }},
    {"errors", unit::count, [](bench_report const& r) { return as_double(r.errors()); }},
    {"error_rate", unit::share, [](bench_report const& r) { return r.error_rate(); }},
    {"unanswered", unit::count, [](bench_report const& r) { return as_double(r.all.unanswered); }},
    {"skipped", unit::count, [](bench_report const& r) { return as_double(r.counts.skipped); }},
}};

std::optional<double> parse_value(std::string_view text, unit in) {
  double number = 0;
  auto const [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc() || !std::isfinite(number) || number < 0) return std::nullopt;
  auto const rest = text.substr(static_cast<std::size_t>(end - text.data()));
  for (auto const& known : words_of(in).suffixes) {
    if (rest == known.text) return number * known.factor;
  }
  return std::nullopt;
}

}  // namespace

result<bench_threshold> bench_threshold::parse(std::string_view text) {
  bench_threshold made;
  made.text_ = without_blanks(text);
  std::string_view const dense = made.text_;
  auto const at = dense.find_first_of("<>");
  if (at == dense.npos) return bad(fmt::format("'{}' is no condition; write 'p99>20ms'", text));
  auto const name = dense.substr(0, at);
  made.of_ = std::find_if(figures.begin(), figures.end(), [&](auto const& f) { return f.name == name; });
  if (made.of_ == figures.end()) {
    std::vector<std::string_view> known;
    for (auto const& f : figures) known.push_back(f.name);
    return bad(fmt::format("'{}' is no figure{}", name, guess_or_list(name, known, "write one of")));
  }
  bool const equal_too = dense.substr(at + 1).starts_with('=');
  bool const more = dense[at] == '>';
  made.how_ =
      more ? (equal_too ? relation::at_least : relation::more) : (equal_too ? relation::at_most : relation::less);
  auto const value = dense.substr(at + (equal_too ? 2 : 1));
  auto const limit = parse_value(value, made.of_->in);
  if (!limit) {
    return bad(
        fmt::format("'{}': '{}' is no value of {}; write '{}'", text, value, name, words_of(made.of_->in).example));
  }
  made.limit_ = *limit;
  return made;
}

std::optional<std::string> bench_threshold::holds_for(bench_report const& report) const {
  auto const value = of_->of(report);
  bool const holds = how_ == relation::more       ? value > limit_
                     : how_ == relation::at_least ? value >= limit_
                     : how_ == relation::less     ? value < limit_
                                                  : value <= limit_;
  if (!holds) return std::nullopt;
  return fmt::format("{}: {} is {}", text_, of_->name, value_text(of_->in, value));
}

}  // namespace gw::tools
