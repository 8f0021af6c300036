#include "tools/envelope.hpp"

#include "core/clock.hpp"
#include "core/trimmed.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

namespace gw::tools {
namespace {

constexpr std::string_view blanks = " \t\r\n";

std::string quoted(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// Position behind the string that begins at `at`.
std::size_t behind_string(std::string_view json, std::size_t at) {
  for (++at; json[at] != '"'; ++at) {
    if (json[at] == '\\') ++at;
  }
  return at + 1;
}

/// Position behind the value that begins at `at`; iterative, for a message may nest as deep as it likes.
std::size_t behind_value(std::string_view json, std::size_t at) {
  if (json[at] != '{' && json[at] != '[') {
    return json[at] == '"' ? behind_string(json, at) : json.find_first_of(",} \t\r\n", at);
  }
  std::size_t depth = 0;
  for (;;) {
    char const c = json[at];
    if (c == '"') {
      at = behind_string(json, at);
      continue;
    }
    ++at;
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && --depth == 0) return at;
  }
}

std::string_view or_null(std::string_view json) {
  return json.empty() ? "null" : json;
}

}  // namespace

request_members members_of(std::string_view text) {
  request_members found;
  auto at = text.find('{') + 1;
  for (;;) {
    at = text.find_first_not_of(" \t\r\n,", at);
    if (text[at] == '}') return found;
    auto const name_end = behind_string(text, at);
    auto const name = text.substr(at + 1, name_end - at - 2);
    auto const begin = text.find_first_not_of(blanks, text.find(':', name_end) + 1);
    at = behind_value(text, begin);
    auto const value = text.substr(begin, at - begin);
    if (name == "method") found.method = value;
    if (name == "data") found.data = value;
    if (name == "id") found.id = value;
  }
}

std::string make_envelope(answering const& who, std::string_view text) {
  request_members members;
  std::string spelled;
  if (!nlohmann::json::accept(text)) {
    spelled = quoted(text);
    members.data = spelled;
  } else if (auto const json = trimmed(text); json.front() == '{') {
    members = members_of(json);
  } else {
    members.data = json;
  }
  auto const id = members.id.empty() ? std::string() : fmt::format(R"(,"id":{})", members.id);
  return fmt::format(R"({{"service":{},"instance":{},"n":{},"method":{},"data":{}{}}})", quoted(who.service),
                     quoted(who.instance), who.n, or_null(members.method), or_null(members.data), id);
}

std::string make_failure(answering const& who, std::string_view text) {
  auto const json = nlohmann::json::accept(text) ? trimmed(text) : std::string_view();
  auto const members = json.starts_with('{') ? members_of(json) : request_members();
  auto const id = members.id.empty() ? std::string() : fmt::format(R"(,"id":{})", members.id);
  return fmt::format(R"({{"service":{},"instance":{},"n":{},"error":"a failure that was asked for"{}}})",
                     quoted(who.service), quoted(who.instance), who.n, id);
}

std::string make_push(answering const& who) {
  return fmt::format(R"({{"service":{},"instance":{},"push":{},"sent_us":{}}})", quoted(who.service),
                     quoted(who.instance), who.n, wall_clock_us());
}

std::string make_padded(answering const& who, std::size_t size) {
  auto text =
      fmt::format(R"({{"service":{},"instance":{},"n":{},"pad":")", quoted(who.service), quoted(who.instance), who.n);
  constexpr std::string_view end = R"("})";
  if (size > text.size() + end.size()) text.resize(size - end.size(), 'x');
  text += end;
  return text;
}

}  // namespace gw::tools
