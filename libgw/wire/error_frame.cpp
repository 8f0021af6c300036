#include "wire/error_frame.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <iterator>

namespace gw::wire {
namespace {

// Bytes between the quotes, escapes included. With three correlation tokens and every number at its longest they keep
// a frame below max_error_frame.
constexpr std::size_t method_limit = 1536;
constexpr std::size_t message_limit = 384;
constexpr std::size_t reason_limit = 256;
constexpr std::size_t name_limit = 64;
constexpr std::size_t stage_limit = 16;

// Bytes of the character or escape that begins at `i` of a dumped string.
std::size_t unit_size(std::string_view json, std::size_t i) noexcept {
  auto const lead = static_cast<unsigned char>(json[i]);
  if (lead == '\\') return json[i + 1] == 'u' ? 6 : 2;
  return lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

// A JSON string of at most `limit` bytes between its quotes.
std::string quote(std::string_view text, std::size_t limit) {
  // Four bytes of grace, so that a character that the first cut divides falls to the second.
  auto json = nlohmann::json(text.substr(0, limit + 4)).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  if (json.size() <= limit + 2) return json;
  std::size_t end = 1;
  while (end + unit_size(json, end) <= limit + 1) end += unit_size(json, end);
  json.resize(end);
  return json += '"';
}

// One JSON object under construction.
class object {
 public:
  void raw(std::string_view name, std::string_view json) {
    fmt::format_to(std::back_inserter(text_), "{}\"{}\":{}", text_.size() > 1 ? "," : "", name, json);
  }
  void text(std::string_view name, std::string_view value, std::size_t limit) { raw(name, quote(value, limit)); }
  void some_text(std::string_view name, std::string_view value, std::size_t limit) {
    if (!value.empty()) text(name, value, limit);
  }
  template <class Number>
  void number(std::string_view name, Number value) {
    raw(name, fmt::to_string(value));
  }
  template <class Number>
  void number(std::string_view name, std::optional<Number> const& value) {
    if (value) number(name, *value);
  }
  void flag(std::string_view name, bool value) { raw(name, value ? "true" : "false"); }
  std::string close() && { return std::move(text_) + '}'; }

 private:
  std::string text_ = "{";
};

std::string error_of(error_facts const& facts, error_row const& row) {
  object error;
  error.number("gw", 1);
  error.text("code", row.name, name_limit);
  error.number("http", row.http);
  error.some_text("stage", facts.stage, stage_limit);
  error.some_text("service", facts.service, name_limit);
  error.flag("retryable", row.retryable);
  error.number("retryAfterMs", facts.retry_after_ms);
  error.flag("sent", facts.sent);
  if (facts.seq != 0) error.number("seq", facts.seq);
  error.some_text("conn", facts.conn, name_limit);
  error.some_text("trace", facts.trace, name_limit);
  error.number("upstreamStatus", facts.upstream_status);
  if (facts.channel) {
    error.number("closeCode", facts.channel->close_code);
    error.some_text("reason", facts.channel->reason, reason_limit);
    error.number("epoch", facts.channel->epoch);
    error.number("lastSeq", facts.channel->last_seq);
    error.number("forwarded", facts.channel->forwarded);
    error.number("received", facts.channel->received);
  }
  if (facts.repeat) {
    error.number("seqFrom", facts.repeat->seq_from);
    error.number("seqTo", facts.repeat->seq_to);
    error.number("repeated", facts.repeat->repeated);
  }
  return std::move(error).close();
}

}  // namespace

std::string make_error_frame(error_facts const& facts) {
  auto const& row = row_of(facts.code);
  object frame;
  frame.raw("method", facts.method ? quote(*facts.method, method_limit) : "null");
  frame.number("status", facts.status.value_or(row.status));
  frame.text("message", facts.message, message_limit);
  frame.raw("data", as_json(facts.data));
  frame.raw("error", error_of(facts, row));
  return std::move(frame).close();
}

std::string make_heartbeat_reply(std::string_view method, correlation const& data) {
  object reply;
  reply.text("method", method, method_limit);
  reply.number("status", 0);
  reply.text("message", "OK", message_limit);
  reply.raw("data", as_json(data));
  return std::move(reply).close();
}

}  // namespace gw::wire
