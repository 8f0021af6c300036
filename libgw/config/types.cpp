#include "config/types.hpp"

#include "config/address.hpp"
#include "config/text_checks.hpp"
#include "core/did_you_mean.hpp"
#include "core/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace gw::config::types {
namespace {

void add(faults& out, node const& where, std::string what) {
  out.push_back({where.at, std::move(what)});
}

/// The value if it is a T; else a fault "must be WHAT, not …".
template <class T>
T const* expect(node const& from, std::string_view what, faults& out) {
  auto const* const value = from.as<T>();
  if (value == nullptr) add(out, from, fmt::format("must be {}, not {}", what, from.kind()));
  return value;
}

/// Durations and sizes: a string with a unit. A bare number gets the parser's advice on units.
template <class Parse>
auto quantity(node const& from, std::string_view what, Parse parse, faults& out)
    -> decltype(parse(std::string_view{})) {
  if (auto const* const bare = from.as<std::int64_t>()) {
    auto parsed = parse(std::to_string(*bare));  // only 0 needs no unit
    if (!parsed) add(out, from, parsed.error().context);
    return parsed;
  }
  auto const* const text = expect<std::string>(from, what, out);
  if (text == nullptr) return error{};
  auto parsed = parse(*text);
  if (!parsed) add(out, from, parsed.error().context);
  return parsed;
}

template <class Value, class Show>
bool within(node const& from, Value value, Value min, Value max, Show show, faults& out) {
  if (value >= min && value <= max) return true;
  add(out, from, fmt::format("{} is out of bounds; write {} to {}", show(value), show(min), show(max)));
  return false;
}

}  // namespace

std::string quoted(std::string_view value) {
  std::string text = "\"";
  for (auto const c : value) {
    if (c == '"' || c == '\\') {
      text += '\\';
      text += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      text += fmt::format("\\u{:04X}", static_cast<unsigned char>(c));
    } else {
      text += c;
    }
  }
  return text + '"';
}

std::string bare_or_quoted(std::string_view name) {
  constexpr std::string_view bare = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  return !name.empty() && name.find_first_not_of(bare) == name.npos ? std::string(name) : quoted(name);
}

void flag::read(node const& from, bool& to, faults& out) const {
  if (auto const* const value = expect<bool>(from, "true or false", out)) to = *value;
}

void count::read(node const& from, std::size_t& to, faults& out) const {
  auto const* const value = expect<std::int64_t>(from, "a whole number", out);
  if (value == nullptr) return;
  auto const low = static_cast<std::int64_t>(min);
  auto const high = static_cast<std::int64_t>(max);
  if (within(
          from, *value, low, high, [](std::int64_t n) { return std::to_string(n); }, out)) {
    to = static_cast<std::size_t>(*value);
  }
}

std::string count::bounds() const {
  return min == max ? show(min) : show(min) + " to " + show(max);
}

void duration::read(node const& from, milliseconds& to, faults& out) const {
  auto const value = quantity(from, "a duration such as \"10s\"", parse_duration, out);
  if (value && within(from, *value, min, max, duration_text, out)) to = *value;
}

std::string duration::show(milliseconds value) const {
  return quoted(duration_text(value));
}
std::string duration::bounds() const {
  return duration_text(min) + " to " + duration_text(max);
}

void moment::read(node const& from, microseconds& to, faults& out) const {
  auto const value = quantity(from, "a short duration such as \"50us\"", parse_moment, out);
  if (value && within(from, *value, min, max, moment_text, out)) to = *value;
}

std::string moment::show(microseconds value) const {
  return quoted(moment_text(value));
}
std::string moment::bounds() const {
  return moment_text(min) + " to " + moment_text(max);
}

void size::read(node const& from, std::size_t& to, faults& out) const {
  auto const value = quantity(from, "a size such as \"64KiB\"", parse_size, out);
  if (value && within(from, *value, min, max, size_text, out)) to = *value;
}

std::string size::show(std::size_t value) const {
  return quoted(size_text(value));
}
std::string size::bounds() const {
  return size_text(min) + " to " + size_text(max);
}

void text::read(node const& from, std::string& to, faults& out) const {
  auto const* const value = expect<std::string>(from, "a string", out);
  if (value == nullptr) return;
  auto complaint = check != nullptr ? check(*value) : std::string();
  if (!complaint.empty()) return add(out, from, std::move(complaint));
  to = *value;
}

std::string text::show(std::string const& value) const {
  return quoted(value);
}

void texts::read(node const& from, std::vector<std::string>& to, faults& out) const {
  if (alone && from.as<std::string>() != nullptr) {
    std::string one;
    auto const before = out.size();
    text{check}.read(from, one, out);
    if (out.size() == before) to = {std::move(one)};
    return;
  }
  auto const* const list = expect<node::list>(from, "a list of strings", out);
  if (list == nullptr) return;
  auto const before = out.size();
  std::vector<std::string> values;
  for (auto const& element : *list) text{check}.read(element, values.emplace_back(), out);
  if (out.size() == before) to = std::move(values);
}

std::string texts::show(std::vector<std::string> const& value) const {
  std::string joined;
  for (auto const& element : value) joined += (joined.empty() ? "" : ", ") + quoted(element);
  return "[" + joined + "]";
}

void rate::read(node const& from, gw::rate& to, faults& out) const {
  if (auto const* const bare = from.as<std::int64_t>()) {
    return add(out, from, fmt::format("'{0}' needs a time; write \"{0}/s\" or \"{0}/10s\"", *bare));
  }
  auto const* const text = expect<std::string>(from, "a rate such as \"20/10s\"", out);
  if (text == nullptr) return;
  auto const value = parse_rate(*text);
  if (!value) return add(out, from, value.error().context);
  if (within<std::uint64_t>(
          from, value->count, 1, max_count, [](std::uint64_t n) { return std::to_string(n); }, out)) {
    to = *value;
  }
}

std::string rate::show(gw::rate value) const {
  return quoted(rate_text(value));
}
std::string rate::bounds() const {
  return fmt::format("1 to {}", max_count);
}

void percentage::read(node const& from, std::size_t& to, faults& out) const {
  auto const* const text = expect<std::string>(from, "a share such as \"50%\"", out);
  if (text == nullptr) return;
  std::size_t percent = 0;
  bool const marked = text->ends_with('%');
  auto const* const end = text->data() + text->size() - (marked ? 1 : 0);
  auto const [stop, ec] = std::from_chars(text->data(), end, percent);
  if (!marked || ec != std::errc{} || stop != end || percent < min || percent > 100) {
    return add(out, from, fmt::format("'{}' is not a share; write \"{}%\" to \"100%\"", *text, min));
  }
  to = percent;
}

std::string percentage::show(std::size_t value) const {
  return quoted(fmt::format("{}%", value));
}
std::string percentage::bounds() const {
  return fmt::format("{}% to 100%", min);
}

void share_rate::read(node const& from, gw::rate& to, faults& out) const {
  auto const* const text = expect<std::string>(from, "a share each time such as \"10%/m\"", out);
  if (text == nullptr) return;
  auto const mark = text->find("%/");
  auto const value = mark == text->npos ? error{} : parse_rate(std::string(*text).erase(mark, 1));
  if (!value) return add(out, from, fmt::format("'{}' is not a share each time; write \"10%/m\" or \"1%/s\"", *text));
  if (within<std::uint64_t>(
          from, value->count, 0, max_percent, [](std::uint64_t n) { return fmt::format("{}%", n); }, out)) {
    to = *value;
  }
}

std::string share_rate::show(gw::rate value) const {
  auto text = rate_text(value);
  return quoted(text.insert(text.find('/'), "%"));
}
std::string share_rate::bounds() const {
  return fmt::format("0% to {}%", max_percent);
}

void memory::read(node const& from, memory_limit& to, faults& out) const {
  auto const* const share = from.as<std::string>();
  if (share == nullptr || !share->ends_with('%')) {
    std::size_t bytes = 0;
    auto const before = out.size();
    size{min_bytes, std::size_t{1} << 50}.read(from, bytes, out);
    if (out.size() == before) to = {.bytes = bytes, .percent = 0};
    return;
  }
  std::size_t percent = 0;
  auto const* const end = share->data() + share->size() - 1;
  auto const [stop, ec] = std::from_chars(share->data(), end, percent);
  if (ec != std::errc{} || stop != end || percent < 1 || percent > 100) {
    return add(out, from, fmt::format("'{}' is not a share; write \"1%\" to \"100%\"", *share));
  }
  to = {.bytes = 0, .percent = percent};
}

std::string memory::show(memory_limit value) const {
  return quoted(value.bytes != 0 ? size_text(value.bytes) : fmt::format("{}%", value.percent));
}
std::string memory::bounds() const {
  return fmt::format("1% to 100%, or at least {}", size_text(min_bytes));
}

void policy::read(node const& from, std::string& to, faults& out) const {
  text{may_be_empty ? or_empty<name_fault> : name_fault}.read(from, to, out);
}

void source_type::read(node const& from, std::string& to, faults& out) const {
  text{name_fault}.read(from, to, out);
}

std::size_t read_word(node const& from, std::vector<std::string_view> const& words, faults& out) {
  auto const* const value = expect<std::string>(from, "a string", out);
  if (value == nullptr) return words.size();
  auto const at = std::find(words.begin(), words.end(), *value);
  if (at == words.end()) {
    add(out, from, fmt::format("unknown value '{}'{}", *value, guess_or_list(*value, words, "write one of")));
  }
  return static_cast<std::size_t>(at - words.begin());
}

}  // namespace gw::config::types
