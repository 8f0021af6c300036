#include "route/refusal.hpp"

#include <system_error>

namespace gw::route {
namespace {

// PRODUCT.md section 4: a service that refuses is probed once a second.
constexpr unsigned try_again_ms = 1000;

/// The cause of an error that ends by itself after so many milliseconds.
class passing_category final : public std::error_category {
 public:
  char const* name() const noexcept override { return "wait"; }
  std::string message(int ms) const override { return "no sooner than in " + std::to_string(ms) + " ms"; }
};

std::error_category const& passing() {
  static passing_category const it;
  return it;
}

}  // namespace

refusal refusal_of(decision const& failed) {
  return {failed.fault, failed.why, failed.fault == errc::parse_error ? "parse" : "route"};
}

std::string no_instance_text(std::string_view service) {
  return std::string("no healthy instance of '").append(service).append("'");
}

error circuit_is_open(std::string_view service, std::chrono::milliseconds wait) {
  return {errc::circuit_open, side::upstream, "too many dials of '" + std::string(service) + "' have failed",
          std::error_code(static_cast<int>(wait.count()), passing())};
}

refusal undeliverable(error const& why) {
  refusal made{why.code, why.context, why.code == errc::no_instance ? "discover" : "connect"};
  if (row_of(why.code).retryable) made.retry_after_ms = try_again_ms;
  if (why.cause.category() == passing()) made.retry_after_ms = static_cast<unsigned>(why.cause.value());
  return made;
}

wire::error_facts facts_of(decision const& made, refusal const& because, std::string_view text) {
  wire::error_facts facts;
  facts.code = because.code;
  facts.message = because.why;
  facts.stage = because.stage;
  facts.service = made.named_service;
  facts.retry_after_ms = because.retry_after_ms;
  facts.data = wire::find_correlation(text);
  if (!made.method.empty()) facts.method = made.method;
  return facts;
}

}  // namespace gw::route
