#include "tools/script.hpp"

#include "core/did_you_mean.hpp"
#include "core/json_pointer.hpp"
#include "core/trimmed.hpp"
#include "core/units.hpp"
#include "tools/json_text.hpp"
#include "wire/close_code.hpp"

#include <fmt/core.h>
#include <re2/re2.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace gw::tools {
namespace {

using json = nlohmann::json;

constexpr std::size_t shown = 400;  // bytes of a message in a complaint

error bad(std::string what) {
  return {errc::bad_usage, side::client, std::move(what), {}};
}

std::string cut(std::string_view text) {
  return text.size() <= shown ? std::string(text) : std::string(text.substr(0, shown)) + "...";
}

struct word {
  std::string_view name;
  step::kind what;
  std::string_view usage;
};
constexpr std::array<word, 12> words = {{
    {"send", step::kind::send, "send TEXT"},
    {"call", step::kind::call, "call SERVICE/PATH [JSON]"},
    {"expect", step::kind::expect, "expect PTR=VALUE"},
    {"expect", step::kind::expect_any, "expect"},
    {"and", step::kind::expect_also, "and PTR=VALUE"},
    {"expect-text", step::kind::expect_text, "expect-text TEXT"},
    {"expect-match", step::kind::expect_text, "expect-match REGEX"},
    {"capture", step::kind::capture, "capture NAME = PTR"},
    {"expect-close", step::kind::expect_close, "expect-close [CODE]"},
    {"ping", step::kind::ping, "ping"},
    {"close", step::kind::close, "close [CODE]"},
    {"wait", step::kind::wait, "wait 100ms"},
}};

result<word> find_word(std::string_view name) {
  std::vector<std::string_view> known;
  for (auto const& w : words) {
    if (w.name == name) return w;
    known.push_back(w.name);
  }
  return bad(fmt::format("unknown step '{}'{}", name, did_you_mean_text(name, known)));
}

result<std::uint16_t> parse_code(std::string_view digits, bool to_send) {
  std::uint16_t code = 0;
  auto const [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), code);
  if (failed != std::errc() || end != digits.data() + digits.size() || code < 1000 || code > 4999) {
    return bad(fmt::format("'{}' is not a close code (1000 to 4999)", digits));
  }
  if (to_send && !wire::is_valid_on_wire(code, wire::role::client)) {
    return bad(fmt::format("close code {} must not be sent; use 1000 or 3000 to 4999", code));
  }
  return code;
}

std::string regex_fault(std::string_view text) {
  re2::RE2 const regex(re2::StringPiece(text.data(), text.size()), re2::RE2::Quiet);
  return regex.ok() ? std::string() : fmt::format("'{}' is not a regular expression: {}", text, regex.error());
}

bool finds(std::string_view regex, std::string_view in) {
  return re2::RE2::PartialMatch(re2::StringPiece(in.data(), in.size()),
                                re2::RE2(re2::StringPiece(regex.data(), regex.size()), re2::RE2::Quiet));
}

bool is_name(std::string_view text) {
  auto const fits = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  return !text.empty() && std::all_of(text.begin(), text.end(), fits);
}

result<step> parse_capture(std::string_view rest) {
  auto const equals = std::min(rest.find('='), rest.size());
  auto const name = trimmed(rest.substr(0, equals));
  auto const pointer = trimmed(rest.substr(std::min(equals + 1, rest.size())));
  if (equals == rest.size() || !is_name(name) || !json_pointer_fault(pointer).empty()) {
    return bad(fmt::format("'{}' is not NAME = PTR; write for example: capture id = /data/id", rest));
  }
  return step{.what = step::kind::capture, .text = std::string(name), .value = std::string(pointer)};
}

/// Calls see(name, from, to) for each ${NAME} in `text`.
template <class See>
void each_blank(std::string_view text, See&& see) {
  for (auto from = text.find("${"); from != std::string_view::npos; from = text.find("${", from + 2)) {
    auto const end = text.find('}', from);
    if (end == std::string_view::npos) return;
    auto const name = text.substr(from + 2, end - from - 2);
    if (is_name(name)) see(name, from, end + 1);
  }
}

/// Where a step has blanks; null: nowhere.
std::string step::*blanks_of(step const& s) {
  if (s.what == step::kind::send) return &step::text;
  bool const has_value =
      s.what == step::kind::call || s.what == step::kind::expect || s.what == step::kind::expect_also;
  return has_value && !s.regex ? &step::value : nullptr;
}

/// A blank that nothing has filled before, or nothing.
std::string unknown_blank(step const& s, std::vector<step> const& before) {
  auto const blanks = blanks_of(s);
  std::string unknown;
  if (blanks == nullptr) return unknown;
  each_blank(s.*blanks, [&](std::string_view name, std::size_t, std::size_t) {
    auto const fills = [name](step const& b) { return b.what == step::kind::capture && b.text == name; };
    if (std::none_of(before.begin(), before.end(), fills)) unknown = name;
  });
  return unknown;
}

result<step> parse_rest(word const& w, std::string_view rest) {
  step made{.what = w.what, .regex = w.name == "expect-match"};
  if (w.what == step::kind::expect && rest.empty()) made.what = step::kind::expect_any;
  switch (made.what) {
    case step::kind::expect_any:
    case step::kind::binary:
      return made;
    case step::kind::capture:
      return parse_capture(rest);
    case step::kind::send:
    case step::kind::expect_text:
      if (auto why = made.regex ? regex_fault(rest) : std::string(); !why.empty()) return bad(std::move(why));
      if (rest.empty()) return bad(fmt::format("a text is missing; write '{}'", w.usage));
      made.text = rest;
      return made;
    case step::kind::call: {
      auto const space = std::min(rest.find_first_of(" \t"), rest.size());
      return make_call(rest.substr(0, space), trimmed(rest.substr(space)));
    }
    case step::kind::expect:
    case step::kind::expect_also: {
      auto expect = make_expect(rest);
      if (expect) expect->what = w.what;
      return expect;
    }
    case step::kind::ping:
      if (!rest.empty()) return bad("'ping' takes no words");
      return made;
    case step::kind::expect_close:
    case step::kind::close: {
      bool const sends = w.what == step::kind::close;
      if (rest.empty()) {
        made.code = sends ? 1000 : 0;
        return made;
      }
      auto const code = parse_code(rest, sends);
      if (!code) return code.error();
      made.code = *code;
      return made;
    }
    case step::kind::wait: {
      auto const time = parse_duration(rest);
      if (!time) return time.error();
      made.time = *time;
      return made;
    }
  }
  return made;
}

result<step> parse_line(std::string_view line, std::vector<step> const& before) {
  auto const space = std::min(line.find_first_of(" \t"), line.size());
  auto const found = find_word(line.substr(0, space));
  if (!found) return found.error();
  auto parsed = parse_rest(*found, trimmed(line.substr(space)));
  if (!parsed) return parsed;
  bool const has_message = !before.empty() && (before.back().takes_message() || before.back().looks_back());
  if (parsed->looks_back() && !has_message) return bad(fmt::format("'{}' stands behind an expect", found->name));
  if (auto const blank = unknown_blank(*parsed, before); !blank.empty()) {
    return bad(fmt::format("nothing was captured as '{}'; write before it, behind an expect: capture {} = /data/x",
                           blank, blank));
  }
  return parsed;
}

}  // namespace

std::string step::where() const {
  auto const at = line == 0 ? std::string() : fmt::format("line {}: ", line);
  switch (what) {
    case kind::expect:
      return fmt::format("{}{} {}={}{}", at, line == 0 ? "--expect" : "expect", text, regex ? "~" : "", value);
    case kind::expect_also:
      return fmt::format("{}{} {}={}{}", at, line == 0 ? "--expect" : "and", text, regex ? "~" : "", value);
    case kind::expect_text:
      return fmt::format("{}{} {}", at, regex ? "expect-match" : "expect-text", text);
    case kind::capture:
      return fmt::format("{}capture {} = {}", at, text, value);
    case kind::binary:
      return fmt::format("{}{} bytes", at, text.size());
    case kind::call:
      return fmt::format("{}{} {}", at, line == 0 ? "--call" : "call", text);
    case kind::send:
      return fmt::format("{}{} {}", at, line == 0 ? "-x" : "send", cut(text));
    default:
      break;
  }
  auto const is_mine = [&](word const& w) { return w.what == what; };
  auto const name = std::find_if(words.begin(), words.end(), is_mine)->name;
  auto const argument = code != 0 ? std::to_string(code) : time != time.zero() ? duration_text(time) : text;
  return fmt::format("{}{}{}{}", at, name, argument.empty() ? "" : " ", argument);
}

result<std::vector<step>> parse_script(std::string_view script) {
  std::vector<step> steps;
  for (std::size_t number = 1; !script.empty(); ++number) {
    auto const end = std::min(script.find('\n'), script.size());
    auto const line = trimmed(script.substr(0, end));
    script.remove_prefix(std::min(end + 1, script.size()));
    if (line.empty() || line.front() == '#') continue;
    auto parsed = parse_line(line, steps);
    if (!parsed) return bad(fmt::format("line {}: {}", number, parsed.error().context));
    parsed->line = number;
    steps.push_back(std::move(*parsed));
  }
  return steps;
}

result<step> make_call(std::string_view service_and_path, std::string_view data) {
  auto const slash = service_and_path.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == service_and_path.size()) {
    return bad(fmt::format("'{}' is not SERVICE/PATH; write for example: echo/hello '\"hi\"'", service_and_path));
  }
  if (!data.empty() && !json::accept(data)) {
    return bad(fmt::format("'{}' is not JSON; a string needs its quotes: '\"{}\"'", data, data));
  }
  return step{.what = step::kind::call,
              .text = fmt::format("/api/v1/{}", service_and_path),
              .value = data.empty() ? "null" : std::string(data)};
}

result<step> make_expect(std::string_view pointer_and_value) {
  auto const equals = pointer_and_value.find('=');
  auto const pointer = pointer_and_value.substr(0, equals);
  if (equals == std::string_view::npos || !json_pointer_fault(pointer).empty()) {
    return bad(fmt::format("'{}' is not PTR=VALUE with a JSON Pointer; write for example: /data/name=\"x\"",
                           pointer_and_value));
  }
  auto value = pointer_and_value.substr(equals + 1);
  bool const regex = value.starts_with('~');
  if (regex) value.remove_prefix(1);
  if (auto why = regex ? regex_fault(value) : std::string(); !why.empty()) return bad(std::move(why));
  return step{.what = step::kind::expect, .text = std::string(pointer), .value = std::string(value), .regex = regex};
}

std::string call_message(step const& call, std::uint64_t id) {
  return fmt::format(R"({{"method":{},"data":{},"id":{}}})", dumped(json(call.text)), call.value, id);
}

step filled_in(step s, captured const& from) {
  auto const blanks = blanks_of(s);
  if (blanks == nullptr) return s;
  std::string filled;
  std::string_view const text = s.*blanks;
  std::size_t done = 0;
  each_blank(text, [&](std::string_view name, std::size_t begin, std::size_t end) {
    auto const known = from.find(name);
    if (known == from.end()) return;
    filled.append(text.substr(done, begin - done)).append(known->second);
    done = end;
  });
  filled += text.substr(done);
  s.*blanks = std::move(filled);
  return s;
}

namespace {

/// The lines for people.
std::string told(step const& s, std::string const& expected, std::string const& got, std::string_view message) {
  return fmt::format("{}\n  expected: {}\n  got:      {}\n  message:  {}", s.where(), expected, got, cut(message));
}

/// Where two objects or lists differ, a line for each place; empty for other values, whose difference is plain.
std::string differences(json const& wanted, json const& got, std::string_view pointer) {
  constexpr std::size_t most = 8;
  std::string lines;
  if (!wanted.is_structured() || wanted.type() != got.type()) return lines;
  auto const patch = json::diff(wanted, got);
  for (std::size_t i = 0; i < std::min(patch.size(), most); ++i) {
    auto const path = patch[i].at("path").get<std::string>();
    auto const* const expected = find_at(wanted, path);
    // The path of an element that is added to a list is "/-", where nothing stands.
    auto const added = patch[i].value("op", "") == "add" ? &patch[i].at("value") : nullptr;
    auto const* const came = added != nullptr ? added : find_at(got, path);
    lines += fmt::format("\n  differs:  {}{}: {} instead of {}", pointer, path,
                         came == nullptr ? "nothing" : cut(dumped(*came)),
                         expected == nullptr ? "nothing" : cut(dumped(*expected)));
  }
  return lines;
}

std::optional<std::string> complaint_about_text(step const& s, std::string_view message) {
  if (s.regex ? finds(s.text, message) : message.find(s.text) != std::string_view::npos) return std::nullopt;
  return told(s, fmt::format("a message that {} '{}'", s.regex ? "matches" : "contains", s.text), "one that does not",
              message);
}

}  // namespace

std::optional<std::string> capture(step const& how, std::string_view message, captured& to) {
  auto const whole = parse_shallow(message);
  auto const* const found = find_at(whole, how.value);
  if (found == nullptr) return told(how, "something", fmt::format("nothing at {}", how.value), message);
  auto text = dumped(*found);
  to[how.text] = found->is_string() ? text.substr(1, text.size() - 2) : std::move(text);
  return std::nullopt;
}

std::optional<std::string> complaint(step const& s, std::string_view message) {
  if (s.what == step::kind::expect_any) return std::nullopt;
  if (s.what == step::kind::expect_text) return complaint_about_text(s, message);
  auto wanted = parse_shallow(s.value);
  if (wanted.is_discarded() || s.regex) wanted = s.value;
  auto const expected = s.regex ? fmt::format("what matches '{}'", s.value) : dumped(wanted);
  auto const whole = parse_shallow(message);
  if (whole.is_discarded()) return told(s, expected, "a message that is not JSON", message);
  auto const* const got = find_at(whole, s.text);
  if (got == nullptr) return told(s, expected, fmt::format("nothing at {}", s.text), message);
  if (s.regex) {
    if (finds(s.value, got->is_string() ? got->get<std::string>() : dumped(*got))) return std::nullopt;
  } else if (*got == wanted) {
    return std::nullopt;
  }
  return told(s, expected, cut(dumped(*got)) + differences(wanted, *got, s.text), message);
}

}  // namespace gw::tools
