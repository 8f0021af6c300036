#include "tools/script.hpp"

#include "core/did_you_mean.hpp"
#include "core/units.hpp"
#include "tools/json_text.hpp"
#include "wire/close_code.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
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

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  auto const first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

struct word {
  std::string_view name;
  step::kind what;
  std::string_view usage;
};
constexpr std::array<word, 9> words = {{
    {"send", step::kind::send, "send TEXT"},
    {"call", step::kind::call, "call SERVICE/PATH [JSON]"},
    {"expect", step::kind::expect, "expect PTR=VALUE"},
    {"and", step::kind::expect_also, "and PTR=VALUE"},
    {"expect-text", step::kind::expect_text, "expect-text TEXT"},
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

result<step> parse_rest(word const& w, std::string_view rest) {
  step made{.what = w.what};
  switch (w.what) {
    case step::kind::send:
    case step::kind::expect_text:
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
  if (found->what == step::kind::expect_also) {
    auto const expects = [](step const& s) { return s.takes_message() || s.what == step::kind::expect_also; };
    if (before.empty() || !expects(before.back())) return bad("'and' stands behind an expect or expect-text");
  }
  return parse_rest(*found, trimmed(line.substr(space)));
}

}  // namespace

std::string step::where() const {
  auto const at = line == 0 ? std::string() : fmt::format("line {}: ", line);
  switch (what) {
    case kind::expect:
      return fmt::format("{}{} {}={}", at, line == 0 ? "--expect" : "expect", text, value);
    case kind::expect_also:
      return fmt::format("{}{} {}={}", at, line == 0 ? "--expect" : "and", text, value);
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
  if (equals == std::string_view::npos || !is_json_pointer(pointer)) {
    return bad(fmt::format("'{}' is not PTR=VALUE with a JSON Pointer; write for example: /data/name=\"x\"",
                           pointer_and_value));
  }
  return step{.what = step::kind::expect,
              .text = std::string(pointer),
              .value = std::string(pointer_and_value.substr(equals + 1))};
}

std::string call_message(step const& call, std::uint64_t id) {
  return fmt::format(R"({{"method":{},"data":{},"id":{}}})", dumped(json(call.text)), call.value, id);
}

std::optional<std::string> complaint(step const& expectation, std::string_view message) {
  auto const say = [&](std::string const& expected, std::string const& got) {
    return fmt::format("{}\n  expected: {}\n  got:      {}\n  message:  {}", expectation.where(), expected, got,
                       cut(message));
  };
  if (expectation.what == step::kind::expect_text) {
    if (message.find(expectation.text) != std::string_view::npos) return std::nullopt;
    return say(fmt::format("a message that contains '{}'", expectation.text), "one that does not");
  }
  auto wanted = parse_shallow(expectation.value);
  if (wanted.is_discarded()) wanted = expectation.value;
  auto const whole = parse_shallow(message);
  if (whole.is_discarded()) return say(dumped(wanted), "a message that is not JSON");
  auto const* const got = find_at(whole, expectation.text);
  if (got == nullptr) return say(dumped(wanted), fmt::format("nothing at {}", expectation.text));
  if (*got == wanted) return std::nullopt;
  return say(dumped(wanted), cut(dumped(*got)));
}

}  // namespace gw::tools
