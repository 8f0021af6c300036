#include "core/error.hpp"

#include <array>
#include <ostream>

namespace gw {
namespace {

constexpr auto rows = std::to_array<error_row>({
    {errc::parse_error, "PARSE_ERROR", 400, 2, false},
    {errc::no_method, "NO_METHOD", 400, 2, false},
    {errc::bad_method, "BAD_METHOD", 400, 2, false},
    {errc::unauthenticated, "UNAUTHENTICATED", 401, -1, false},
    {errc::token_expired, "TOKEN_EXPIRED", 401, -1, false},
    {errc::forbidden, "FORBIDDEN", 403, 3, false},
    {errc::no_route, "NO_ROUTE", 404, 1, false},
    {errc::unsupported_type, "UNSUPPORTED_TYPE", 415, 2, false},
    {errc::rate_limited, "RATE_LIMITED", 429, 1, true},
    {errc::channel_limit, "CHANNEL_LIMIT", 429, 1, true},
    {errc::connect_failed, "CONNECT_FAILED", 502, 1, true},
    {errc::handshake_rejected, "HANDSHAKE_REJECTED", 502, 1, false},
    {errc::channel_closed, "CHANNEL_CLOSED", 502, 1, true},
    {errc::upstream_too_big, "UPSTREAM_TOO_BIG", 502, 1, false},
    {errc::no_instance, "NO_INSTANCE", 503, 1, true},
    {errc::circuit_open, "CIRCUIT_OPEN", 503, 1, true},
    {errc::queue_full, "QUEUE_FULL", 503, 1, true},
    {errc::connect_timeout, "CONNECT_TIMEOUT", 504, 1, true},
    {errc::rule_error, "RULE_ERROR", 500, 1, false},
    {errc::internal, "INTERNAL", 500, 1, false},
    {errc::closed, "INTERNAL", 500, 1, false},
    {errc::io, "INTERNAL", 500, 1, false},
    {errc::timeout, "INTERNAL", 500, 1, false},
    {errc::bad_handshake, "BAD_HANDSHAKE", 400, 2, false},
    {errc::bad_config, "INTERNAL", 500, 1, false},
    {errc::bad_usage, "INTERNAL", 500, 1, false},
});

constexpr bool rows_follow_the_enumeration() {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].code != static_cast<errc>(i)) return false;
  }
  return rows.size() == static_cast<std::size_t>(errc::bad_usage) + 1;
}
static_assert(rows_follow_the_enumeration(), "every enumerator of errc needs its row, in order");

class http_status_category final : public std::error_category {
 public:
  char const* name() const noexcept override { return "http"; }
  std::string message(int status) const override { return "HTTP " + std::to_string(status); }
};

std::error_category const& http_statuses() noexcept {
  static http_status_category const category;
  return category;
}

}  // namespace

std::error_code http_status(int status) noexcept {
  return {status, http_statuses()};
}

bool is_http_status(std::error_code const& cause) noexcept {
  return cause.category() == http_statuses();
}

error_row const& row_of(errc code) noexcept {
  return rows[static_cast<std::size_t>(code)];
}

std::string describe(error const& e) {
  if (!e.cause) return e.context;
  if (e.context.empty()) return e.cause.message();
  return e.context + ": " + e.cause.message();
}

std::ostream& operator<<(std::ostream& to, error const& e) {
  return to << describe(e);
}

}  // namespace gw
