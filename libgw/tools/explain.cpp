#include "tools/explain.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace gw::tools {
namespace {

struct meaning {
  std::uint16_t code;
  std::string_view words;
};
constexpr std::array<meaning, 20> meanings = {{
    {1000, "done"},
    {1001, "the other side goes away"},
    {1002, "a violation of the protocol"},
    {1003, "a kind of data it does not take"},
    {1005, "closed without a code"},
    {1006, "the connection broke, without a Close"},
    {1007, "text that is not UTF-8"},
    {1008, "against its policy; the gateway: too many bad messages"},
    {1009, "a message that is too large"},
    {1010, "an extension is missing"},
    {1011, "an internal error; the gateway: an upstream was lost inside a message"},
    {1012, "the server restarts: connect again"},
    {1013, "the server is overloaded: connect again later"},
    {1014, "the upstream vanished"},
    {3000, "no or expired credentials"},
    {3003, "not allowed"},
    {3008, "no sign of life, or a deadline missed"},
    {4008, "we read too slowly"},
    {4011, "the longest life of a session is over"},
    {4029, "too many messages"},
}};

}  // namespace

std::string explain_close(std::uint16_t code, std::string_view reason) {
  auto const is_it = [&](meaning const& m) { return m.code == code; };
  auto const* const found = std::find_if(meanings.begin(), meanings.end(), is_it);
  auto text = fmt::format("{} ({})", code, found == meanings.end() ? "a code of the application" : found->words);
  if (!reason.empty()) text += fmt::format(", reason '{}'", reason);
  return text;
}

std::optional<std::string> explain_error_frame(std::string_view message) {
  if (message.find(R"("gw":1)") == std::string_view::npos) return std::nullopt;
  auto const shallow = [](int depth, nlohmann::json::parse_event_t, nlohmann::json&) { return depth <= 8; };
  auto const frame = nlohmann::json::parse(message, shallow, false);
  if (!frame.is_object() || !frame.contains("error") || !frame["error"].is_object()) return std::nullopt;
  auto const& e = frame["error"];
  auto const text = [](nlohmann::json const& in, char const* name) {
    auto const at = in.find(name);
    return at != in.end() && at->is_string() ? at->get<std::string>() : std::string();
  };
  auto const number = [&](char const* name) {
    auto const at = e.find(name);
    return at != e.end() && at->is_number_unsigned() ? at->get<std::uint64_t>() : 0;
  };
  auto const sent = e.find("sent");
  auto words = fmt::format("{}: {} (HTTP {}", text(e, "code"), text(frame, "message"), number("http"));
  if (sent != e.end() && sent->is_boolean()) words += *sent ? "; may have been sent" : "; not sent";
  if (auto const ms = number("retryAfterMs"); ms != 0) words += fmt::format("; may be tried again after {} ms", ms);
  return words + ")";
}

}  // namespace gw::tools
