// HTTP/1.1 heads and answers as bytes: one serializer of fields for all of them, plain answers, problem+json.
// Used by whoever writes HTTP. Nothing that could split a head passes the serializer.
#pragma once

#include "core/error.hpp"
#include "wire/strict_head.hpp"

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace gw::wire {

struct owned_field {
  std::string name;
  std::string value;

  bool operator==(owned_field const&) const = default;
};

/// Appends "name: value" and CRLF to `head`. Refused, with `head` unchanged, if the name is not a token or the value
/// has a control character other than HTAB: CR, LF and NUL never get onto the wire, wherever they came from.
result<> append_field(std::string& head, std::string_view name, std::string_view value);

/// The reason phrase of RFC 9110 for a status that the gateway itself sends; "Unknown" for another.
std::string_view reason_phrase(int status) noexcept;

/// A whole answer: status line, `extra`, Content-Type (left out if empty), Content-Length, Connection, body.
/// If a field is refused by append_field() the answer is a bare 500 that closes.
std::string make_response(int status, std::span<owned_field const> extra, std::string_view content_type,
                          std::string_view body, bool keep_alive);

/// A fault to be told before the upgrade (RFC 9457).
struct problem {
  int status = 500;
  std::string_view code{};    // the name in the table of core/error: "NO_ROUTE"
  std::string_view detail{};  // a sentence; may quote a peer: it is escaped
  std::optional<std::chrono::seconds> retry_after{};
  bool keep_alive = false;
  std::span<owned_field const> extra{};  // WWW-Authenticate and the like
  std::string_view allow = "GET";        // the methods that a 405 names
};

/// The answer as application/problem+json with type, title, status, detail and code. Adds Retry-After,
/// `Sec-WebSocket-Version: 13` to a 426 (RFC 6455 section 4.4) with the Upgrade that RFC 9110 wants, `Allow` to a 405.
std::string make_problem(problem const& told);

/// The same for a head that was refused; closes, since nobody can say where the next request would begin.
std::string make_problem(head_fault const& fault);

}  // namespace gw::wire
