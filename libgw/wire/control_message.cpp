#include "wire/control_message.hpp"

#include <nlohmann/json.hpp>

namespace gw::wire {
namespace {

using json = nlohmann::ordered_json;

constexpr std::size_t longest_request = 4096;

std::string message(std::string_view name, json data) {
  json const whole = {{"method", "$gw/" + std::string(name)}, {"data", std::move(data)}};
  return whole.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

std::string make_hello(hello_facts const& facts) {
  return message("hello", {{"conn", facts.conn},
                           {"limits", {{"maxMessage", facts.max_message}, {"maxChannels", facts.max_channels}}},
                           {"pingMs", facts.ping_interval.count()}});
}

std::string make_channel_state(std::string_view service, std::string_view state, std::uint64_t epoch,
                               channel_facts const* facts) {
  json data = {{"service", service}, {"state", state}, {"epoch", epoch}};
  if (facts != nullptr) {
    data["lastSeq"] = facts->last_seq;
    data["forwarded"] = facts->forwarded;
    data["received"] = facts->received;
    if (facts->close_code) data["closeCode"] = *facts->close_code;
    if (!facts->reason.empty()) data["reason"] = facts->reason;
  }
  return message("channel", std::move(data));
}

std::string make_goaway(std::chrono::milliseconds within, std::chrono::milliseconds jitter, std::string_view why) {
  return message("goaway", {{"withinMs", within.count()}, {"jitterMs", jitter.count()}, {"why", why}});
}

std::string make_control_pong(correlation const& data) {
  return R"({"method":"$gw/pong","data":)" + as_json(data) + "}";
}

control_request read_control(std::string_view method, std::string_view text) {
  using kind = control_request::kind;
  if (method == "$gw/ping") return {kind::ping, {}};
  if (method == "$gw/pong") return {kind::pong, {}};
  if (method != "$gw/close" || text.size() > longest_request) return {};
  auto const whole = json::parse(text, nullptr, false);
  auto const service = json::json_pointer("/data/service");
  if (!whole.is_object() || !whole.contains(service) || !whole[service].is_string()) return {kind::close, {}};
  return {kind::close, whole[service].get<std::string>()};
}

}  // namespace gw::wire
