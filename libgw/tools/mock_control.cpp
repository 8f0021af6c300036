#include "tools/mock_control.hpp"

#include "core/did_you_mean.hpp"
#include "core/trimmed.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <vector>

namespace gw::tools {
namespace {

using verb = mock_command::verb;

constexpr std::array<std::string_view, 4> deeds = {"reset", "close", "send", "list"};

error bad(std::string why) {
  return {errc::bad_usage, side::client, std::move(why), {}};
}

/// The first word, which is cut off `text`.
std::string_view take_word(std::string_view& text) {
  auto const end = std::min(text.find_first_of(" \t"), text.size());
  auto const word = text.substr(0, end);
  text = trimmed(text.substr(end));
  return word;
}

result<mock_command> parse_close(std::string_view whom, std::string_view code) {
  mock_behaviour judged;
  if (auto const known = code.empty() ? result<>() : set_behaviour(judged, "close-code", code); !known) {
    return known.error();
  }
  return mock_command{.what = verb::close, .whom = std::string(whom), .code = judged.close_code};
}

result<mock_command> parse_setting(std::string_view whom, std::string_view name, std::string_view value) {
  auto const* const setting = find_mock_setting(name);
  if (setting == nullptr) {
    std::vector<std::string_view> known(deeds.begin(), deeds.end());
    for (auto const& s : mock_settings()) known.push_back(s.name);
    return bad(fmt::format("there is no '{}'{}", name, guess_or_list(name, known, "there are")));
  }
  if (value.empty() && setting->form.empty()) value = "on";
  if (value.empty()) {
    return bad(
        fmt::format("a value is missing; write '{} {} {}' or '{} {} off'", whom, name, setting->form, whom, name));
  }
  mock_behaviour judged;
  if (auto const known = set_behaviour(judged, name, value); !known) return known.error();
  return mock_command{
      .what = verb::set, .whom = std::string(whom), .name = std::string(setting->name), .value = std::string(value)};
}

}  // namespace

result<mock_command> parse_mock_command(std::string_view line) {
  auto rest = trimmed(line);
  auto const whom = take_word(rest);
  if (whom.empty()) return bad("the line is empty");
  if (whom == "list") return mock_command{.whom = rest.empty() ? "*" : std::string(rest)};
  auto const name = take_word(rest);
  if (name.empty()) return bad(fmt::format("what about '{}'? write '{} SETTING VALUE', or 'list'", whom, whom));
  if (name == "close") return parse_close(whom, rest);
  if (name == "send") {
    if (rest.empty()) return bad(fmt::format("a text is missing; write '{} send TEXT'", whom));
    return mock_command{.what = verb::send, .whom = std::string(whom), .value = std::string(rest)};
  }
  if (name != "reset" && name != "list") return parse_setting(whom, name, rest);
  if (!rest.empty()) return bad(fmt::format("'{}' takes no value", name));
  return mock_command{.what = name == "reset" ? verb::reset : verb::list, .whom = std::string(whom)};
}

}  // namespace gw::tools
