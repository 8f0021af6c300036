#include "core/exposition.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <iterator>
#include <utility>

namespace gw {
namespace {

constexpr std::array<std::string_view, 3> type_names{"counter", "gauge", "histogram"};

/// HELP texts escape backslash and line feed, label values the quote as well.
void append_escaped(std::string_view text, bool in_quotes, std::string& out) {
  for (char const c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || (c == '"' && in_quotes)) out += '\\';
    out += c;
  }
}

std::string in_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

/// `name suffix {labels, le="..."}` and a space; `le` is left out if empty.
void append_series(std::string_view name, std::string_view suffix, std::initializer_list<label> labels,
                   std::string_view le, std::string& out) {
  out += name;
  out += suffix;
  char between = '{';
  auto const append_label = [&](label const& each) {
    out += std::exchange(between, ',');
    out += each.name;
    out += "=\"";
    append_escaped(each.value, true, out);
    out += '"';
  };
  for (auto const& each : labels) append_label(each);
  if (!le.empty()) append_label({"le", le});
  out += between == ',' ? "} " : " ";
}

void append_integer(std::uint64_t value, std::string& out) {
  fmt::format_to(std::back_inserter(out), "{}\n", value);
}

}  // namespace

void exposition::family(std::string_view name, std::string_view help, metric_type type) {
  fmt::format_to(std::back_inserter(text_), "# HELP {} ", name);
  append_escaped(help, false, text_);
  fmt::format_to(std::back_inserter(text_), "\n# TYPE {} {}\n", name, type_names[static_cast<std::size_t>(type)]);
}

void exposition::sample(std::string_view name, std::initializer_list<label> labels, double value) {
  append_series(name, "", labels, "", text_);
  text_ += in_text(value);
  text_ += '\n';
}

void exposition::write(std::string_view name, std::initializer_list<label> labels, std::int64_t value) {
  append_series(name, "", labels, "", text_);
  fmt::format_to(std::back_inserter(text_), "{}\n", value);
}

void exposition::write(std::string_view name, std::initializer_list<label> labels, std::uint64_t value) {
  append_series(name, "", labels, "", text_);
  append_integer(value, text_);
}

void exposition::histogram(std::string_view name, std::initializer_list<label> labels,
                           std::span<std::uint64_t const> bounds, bucket_counts::totals const& values,
                           double per_base_unit) {
  for (std::size_t i = 0; i < values.cumulative.size(); ++i) {
    // Divided, not multiplied by the inverse: the quotient is the double nearest to the decimal, so it prints as that.
    auto const le = i < bounds.size() ? in_text(static_cast<double>(bounds[i]) / per_base_unit) : "+Inf";
    append_series(name, "_bucket", labels, le, text_);
    append_integer(values.cumulative[i], text_);
  }
  append_series(name, "_sum", labels, "", text_);
  text_ += in_text(static_cast<double>(values.sum) / per_base_unit);
  text_ += '\n';
  append_series(name, "_count", labels, "", text_);
  append_integer(values.count(), text_);
}

std::string exposition::take() {
  return std::exchange(text_, {});
}

}  // namespace gw
