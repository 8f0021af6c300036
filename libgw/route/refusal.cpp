#include "route/refusal.hpp"

namespace gw::route {
namespace {

// PRODUCT.md section 4: a service that refuses is probed once a second.
constexpr unsigned try_again_ms = 1000;

}  // namespace

refusal refusal_of(decision const& failed) {
  return {failed.fault, failed.why, failed.fault == errc::parse_error ? "parse" : "route"};
}

std::string no_instance_text(std::string_view service) {
  return std::string("no healthy instance of '").append(service).append("'");
}

refusal undeliverable(error const& why) {
  refusal made{why.code, why.context, why.code == errc::no_instance ? "discover" : "connect"};
  if (row_of(why.code).retryable) made.retry_after_ms = try_again_ms;
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
