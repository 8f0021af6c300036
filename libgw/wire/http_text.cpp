#include "wire/http_text.hpp"

#include "wire/strict_head_lexis.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace gw::wire {
namespace {

constexpr auto reasons = std::to_array<std::pair<int, std::string_view>>({
    {101, "Switching Protocols"},
    {200, "OK"},
    {204, "No Content"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {426, "Upgrade Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
    {508, "Loop Detected"},
});

result<std::string> write_response(int status, std::span<owned_field const> extra, std::string_view content_type,
                                   std::string_view body, bool keep_alive) {
  std::string out = "HTTP/1.1 " + std::to_string(status) + ' ';
  out.append(reason_phrase(status)).append("\r\n");
  for (auto const& [name, value] : extra) {
    if (auto const appended = append_field(out, name, value); !appended) return appended.error();
  }
  if (!content_type.empty()) {
    if (auto const appended = append_field(out, "Content-Type", content_type); !appended) return appended.error();
  }
  out.append("Content-Length: ").append(std::to_string(body.size()));
  out.append(keep_alive ? "\r\nConnection: keep-alive\r\n\r\n" : "\r\nConnection: close\r\n\r\n");
  out.append(body);
  return out;
}

}  // namespace

result<> append_field(std::string& head, std::string_view name, std::string_view value) {
  if (!is_token(name) || !is_field_value(value)) {
    return error{errc::internal,
                 side::gateway,
                 "a header field that is to be written has an illegal name or a control character",
                 {}};
  }
  head.append(name).append(": ").append(value).append("\r\n");
  return {};
}

std::string_view reason_phrase(int status) noexcept {
  auto const found =
      std::find_if(reasons.begin(), reasons.end(), [status](auto const& row) { return row.first == status; });
  return found == reasons.end() ? "Unknown" : found->second;
}

std::string make_response(int status, std::span<owned_field const> extra, std::string_view content_type,
                          std::string_view body, bool keep_alive) {
  auto written = write_response(status, extra, content_type, body, keep_alive);
  if (written) return *std::move(written);
  return "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
}

std::string make_problem(problem const& told) {
  auto const body = nlohmann::ordered_json{
      {"type", "about:blank"}, {"title", reason_phrase(told.status)}, {"status", told.status}, {"detail", told.detail},
      {"code", told.code},
  };
  std::vector<owned_field> fields(told.extra.begin(), told.extra.end());
  if (told.status == 405) fields.push_back({"Allow", std::string(told.allow)});
  if (told.status == 426) {
    fields.push_back({"Upgrade", "websocket"});
    fields.push_back({"Connection", "Upgrade"});
    fields.push_back({"Sec-WebSocket-Version", "13"});
  }
  if (told.retry_after) fields.push_back({"Retry-After", std::to_string(told.retry_after->count())});
  return make_response(told.status, fields, "application/problem+json",
                       body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace), told.keep_alive);
}

std::string make_problem(head_fault const& fault) {
  return make_problem(problem{.status = fault.status, .code = row_of(errc::bad_handshake).name, .detail = fault.why});
}

}  // namespace gw::wire
