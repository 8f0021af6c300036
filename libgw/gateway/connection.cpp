#include "gateway/connection.hpp"

#include "gateway/session.hpp"
#include "net/beast_judge.hpp"
#include "net/http_io.hpp"
#include "net/stream.hpp"
#include "wire/header_rules.hpp"
#include "wire/http_text.hpp"
#include "wire/strict_head.hpp"
#include "wire/target.hpp"
#include "wire/upgrade.hpp"

#include <boost/algorithm/string/predicate.hpp>

#include <algorithm>
#include <utility>

namespace gw::gateway {
namespace {

/// A client that passed the handshake.
struct upgraded {
  client_facts facts;
  std::string rest;  // bytes behind the handshake
};

/// What is answered to a head: bytes for the client, and who it is if they are a 101.
struct answer {
  std::string bytes;
  std::optional<client_facts> accepted;
};

answer refusal(int status, std::string_view code, std::string_view detail) {
  return {wire::make_problem({.status = status, .code = code, .detail = detail}), std::nullopt};
}

answer refusal(wire::head_fault const& fault) {
  return {wire::make_problem(fault), std::nullopt};
}

/// Without the port; an IPv6 address keeps its brackets.
std::string_view without_port(std::string_view host) {
  auto const bracket = host.find(']');
  return host.substr(0, bracket == std::string_view::npos ? host.find(':') : bracket + 1);
}

/// Names are compared without case; an entry without a port stands for any port.
bool serves_host(config::listener const& l, std::string_view host) {
  auto const same = [](std::string_view a, std::string_view b) { return boost::algorithm::iequals(a, b); };
  auto const matches = [&](std::string const& entry) { return same(entry, host) || same(entry, without_port(host)); };
  return l.hosts.empty() || std::any_of(l.hosts.begin(), l.hosts.end(), matches);
}

std::string_view choose_protocol(config::listener const& l, wire::websocket_request const& request) {
  for (auto const offered : request.protocols) {
    if (std::find(l.subprotocols.begin(), l.subprotocols.end(), offered) != l.subprotocols.end()) return offered;
  }
  return {};
}

client_facts facts_of(wire::request_head const& head, std::string_view raw, config::listener const& l, int fd) {
  client_facts facts;
  facts.head = raw;
  facts.address = net::address::of_socket(fd, false).ip();
  facts.conn = wire::make_request_id().substr(0, 16);
  facts.request_id = wire::kept_request_id(head);
  if (facts.request_id.empty()) facts.request_id = wire::make_request_id();
  facts.traceparent = wire::kept_traceparent(head);
  if (facts.traceparent.empty()) facts.traceparent = wire::make_traceparent();
  facts.listener = l.name;
  return facts;
}

/// A head from a listener for clients: an upgrade to a multiplexed session, or nothing.
answer answer_client(worker const& on, std::string_view raw, config::listener const& l, int fd) {
  auto const head = wire::judge_request(raw);
  if (!head) return refusal(head.error());
  if (!net::beast_agrees_request(raw)) return refusal(400, "BAD_HANDSHAKE", "the request head is ambiguous");
  if (!serves_host(l, head->get("Host"))) return refusal(421, "BAD_HANDSHAKE", "this host is not served here");
  auto const target = wire::judge_target(head->target);
  if (!target) return refusal(target.error());
  auto const matches = [&](auto const& pattern) { return wire::path_matches(pattern, target->path); };
  if (std::none_of(l.ws_paths.begin(), l.ws_paths.end(), matches)) {
    return refusal(404, "NO_ROUTE", "no listener path or route matches; WebSockets are served on ws_paths");
  }
  auto const request = wire::judge_upgrade(*head);
  if (!request) return refusal(request.error());
  if (!wire::origin_allowed(request->origin, head->get("Host"), l.origins)) {
    return refusal(403, "FORBIDDEN", "this Origin may not connect; see 'origins' of the listener");
  }
  if (on.stopping() || on.around().full()) {
    return {wire::make_problem({.status = 503,
                                .code = "OVERLOADED",
                                .detail = "no more sessions are accepted now",
                                .retry_after = std::chrono::seconds(1)}),
            std::nullopt};
  }
  return {wire::make_upgrade_response(wire::accept_key(request->key), choose_protocol(l, *request)),
          facts_of(*head, raw, l, fd)};
}

/// A head from the listener for probes and scrapes.
answer answer_probe(worker const& on, std::string_view raw) {
  auto const head = wire::judge_request(raw);
  if (!head) return refusal(head.error());
  auto const path = head->target.substr(0, head->target.find('?'));
  int status = 200;
  std::string body;
  std::string_view type = "text/plain; charset=utf-8";
  if (path == "/healthz") {
    body = "ok\n";
  } else if (path == "/readyz") {
    auto const reasons = on.around().not_ready();
    status = reasons.empty() ? 200 : 503;
    body = reasons.empty() ? "ready\n" : reasons;
    if (!reasons.empty()) type = "application/json";
  } else if (path == "/metrics") {
    body = on.around().metrics();
    type = "text/plain; version=0.0.4; charset=utf-8";
  } else {
    return refusal(404, "NO_ROUTE", "here are /healthz, /readyz and /metrics");
  }
  if (head->method == "OPTIONS") {
    wire::owned_field const allow{"Allow", "GET, HEAD, OPTIONS"};
    return {wire::make_response(204, {&allow, 1}, "", "", false), std::nullopt};
  }
  if (head->method != "GET" && head->method != "HEAD") {
    return refusal(405, "BAD_HANDSHAKE", "only GET, HEAD and OPTIONS are answered here");
  }
  auto bytes = wire::make_response(status, {}, type, body, false);
  if (head->method == "HEAD") bytes.resize(bytes.size() - body.size());
  return {std::move(bytes), std::nullopt};
}

std::string refuse_unread(error const& why, net::received_head const& received, bool timed_out) {
  if (timed_out) return wire::make_problem({.status = 408, .code = "TIMEOUT", .detail = "no request head in time"});
  if (why.code == errc::bad_handshake) return wire::make_problem(wire::head_too_big(received.bytes));
  return {};
}

/// Reads the head, answers it. A client that got a 101 comes back; everyone else has had their answer.
net::awaitable<std::optional<upgraded>> greet(worker& on, net::stream& client, entrance by, config::listener const& l) {
  net::received_head received;
  answer reply;
  {
    // The deadline does not close: a late client is told 408.
    net::deadline limit(on.loop(), client, l.handshake_timeout, net::deadline::action::interrupt);
    auto const read = co_await net::read_head(client, received, l.header_limit);
    if (!read) {
      reply.bytes = refuse_unread(read.error(), received, limit.passed());
    } else if (by == entrance::probes) {
      reply = answer_probe(on, received.head());
    } else {
      reply = answer_client(on, received.head(), l, client.descriptor());
    }
  }
  net::deadline limit(on.loop(), client, l.handshake_timeout);
  auto const written = co_await client.write(reply.bytes);
  if (written && reply.accepted) co_return upgraded{std::move(*reply.accepted), received.rest()};
  if (by == entrance::clients && !reply.bytes.empty()) on.stats().handshakes_refused.add();
  if (written) co_await client.finish();
  co_return std::nullopt;
}

}  // namespace

net::awaitable<void> serve_connection(worker& on, arrival connection) {
  net::stream client(on.loop(), std::move(connection.socket));
  auto const& l = on.settings().listeners[connection.listener];
  std::optional<upgraded> greeted;
  {
    greeting const registered(on, client, connection.by);
    greeted = co_await greet(on, client, connection.by, l);
  }
  if (!greeted) co_return;
  session s(on, std::move(greeted->facts));
  auto rest = std::move(greeted->rest);
  greeted.reset();
  co_await s.run(client.release(), std::move(rest));
}

}  // namespace gw::gateway
