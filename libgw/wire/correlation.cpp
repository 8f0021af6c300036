#include "wire/correlation.hpp"

#include "wire/json_walk.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>

namespace gw::wire {
namespace {

constexpr std::size_t max_lead = std::size_t{16} * 1024;
constexpr std::size_t max_content = 256;

// The token at the front of `text`, empty if it is too long, cut off or of another type. What it holds is not judged.
std::string_view cut_token(std::string_view text, bool lenient) {
  char const quote = text[0];
  if (quote == '"' || (quote == '\'' && lenient)) {
    for (std::size_t i = 1; i < text.size() && i <= max_content + 1; ++i) {
      if (text[i] == quote) return text.substr(0, i + 1);
      if (text[i] == '\\') ++i;
    }
    return {};
  }
  auto const end = text.find_first_not_of("0123456789+-.eE");
  return end == std::string_view::npos || end > max_content ? std::string_view{} : text.substr(0, end);
}

std::string_view find_token(std::string_view text, std::string_view name) {
  json_walk walk{{.key = std::string{name}, .level = validation::routing, .lenient = true}};
  auto rest = text.substr(0, max_lead);
  if (walk.run(rest) != json_walk::stop::value_begins) return {};
  auto const token =
      cut_token({rest.data(), static_cast<std::size_t>(text.data() + text.size() - rest.data())}, walk.lenient());
  auto const json = as_json(token);
  return json.size() <= max_content + 2 && nlohmann::json::accept(json) ? token : std::string_view{};
}

}  // namespace

correlation find_correlation(std::string_view text) {
  return {find_token(text, "id"), find_token(text, "requestId"), find_token(text, "websocketTag")};
}

std::string as_json(std::string_view token) {
  if (token.size() < 2 || token.front() != '\'') return std::string{token};
  std::string json = "\"";
  auto const body = token.substr(1, token.size() - 2);
  for (std::size_t i = 0; i < body.size(); ++i) {
    if (body[i] == '\\' && i + 1 < body.size()) {
      ++i;
      if (body[i] != '\'') json += '\\';
    } else if (body[i] == '"') {
      json += '\\';
    }
    json += body[i];
  }
  return json += '"';
}

std::string as_json(correlation const& keys) {
  std::string object = "{";
  auto const add = [&object](std::string_view name, std::string_view token) {
    if (token.empty()) return;
    object.append(object.size() > 1 ? ",\"" : "\"").append(name).append("\":").append(as_json(token));
  };
  add("id", keys.id);
  add("requestId", keys.request_id);
  add("websocketTag", keys.websocket_tag);
  return object + '}';
}

}  // namespace gw::wire
