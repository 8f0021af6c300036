// What can go wrong, whose fault it is, and the one table that says how each fault looks from outside:
// the code of the error frame, the HTTP status and the `status` member. Used by every layer.
#pragma once

#include <boost/system/result.hpp>

#include <cstdint>
#include <iosfwd>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace gw {

/// Faults that a client may be told of (PRODUCT.md section 6), then those that stay inside the process.
enum class errc : std::uint8_t {
  parse_error,
  no_method,
  bad_method,
  unauthenticated,
  token_expired,
  forbidden,
  no_route,
  unsupported_type,
  rate_limited,
  channel_limit,
  connect_failed,
  handshake_rejected,
  channel_closed,
  upstream_too_big,
  no_instance,
  circuit_open,
  queue_full,
  connect_timeout,
  rule_error,
  internal,
  // never on the wire
  closed,         // the peer closed the connection in an orderly way
  io,             // a system call failed; `cause` says how
  timeout,        // a deadline passed
  bad_handshake,  // an HTTP head or an upgrade that we refuse
  bad_config,     // something the operator wrote
  bad_usage,      // something the caller of a command line tool wrote
};

/// Whose fault it is: decides status, log level and whether a retry may help.
enum class side : std::uint8_t { client, upstream, gateway };

struct error {
  errc code = errc::internal;
  side at = side::gateway;
  std::string context;    // what, where, how to fix it: one sentence for people
  std::error_code cause;  // the system's own word, if there is one
};

/// How a fault is shown to a client.
struct error_row {
  errc code;
  std::string_view name;  // member `code` of an error frame, `code` of a problem+json body
  int http;               // member `http`; also the status before the upgrade
  int status;             // member `status` (the numbers of the Linkis Message)
  bool retryable;
};

/// The row of `code`. Faults that never reach the wire are shown as INTERNAL.
error_row const& row_of(errc code) noexcept;

/// An HTTP status as the cause of an error.
std::error_code http_status(int status) noexcept;
bool is_http_status(std::error_code const& cause) noexcept;

/// "context: cause", for logs and terminals.
std::string describe(error const& e);

/// The same, for tests that print a result.
std::ostream& operator<<(std::ostream& to, error const& e);

template <class T = void>
using result = boost::system::result<T, error>;

/// Called by result::value() on an error: a bug, since callers must look first.
[[noreturn]] inline void throw_exception_from_error(error const& e, boost::source_location const&) {
  throw std::logic_error("unchecked error: " + describe(e));
}

}  // namespace gw
