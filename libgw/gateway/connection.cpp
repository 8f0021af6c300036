#include "gateway/connection.hpp"

#include "config/address.hpp"
#include "core/log.hpp"
#include "gateway/session.hpp"
#include "gateway/tunnel.hpp"
#include "net/beast_judge.hpp"
#include "net/http_io.hpp"
#include "net/stream.hpp"
#include "net/tls_engine.hpp"
#include "route/hash_source.hpp"
#include "route/refusal.hpp"
#include "wire/control_message.hpp"
#include "wire/deflate_offer.hpp"
#include "wire/header_rules.hpp"
#include "wire/http_text.hpp"
#include "wire/strict_head.hpp"
#include "wire/strict_head_lexis.hpp"
#include "wire/target.hpp"
#include "wire/upgrade.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace gw::gateway {
namespace {

// The first byte of a ClientHello (RFC 8446 section 5.1), which waits for an answer: no line of HTTP would follow.
constexpr char tls_handshake_record = 0x16;

/// A 1:1 WebSocket that is still to be opened on the other side.
struct passage {
  route::handshake_route const* by = nullptr;
  std::string accept;                  // Sec-WebSocket-Accept for the client
  std::vector<std::string> protocols;  // that the client offers
};

/// A client that passed the handshake.
struct upgraded {
  client_facts facts;
  std::optional<passage> through;  // none: a session
  std::string rest;                // bytes behind the handshake
};

/// What is answered to a head: bytes for the client, and who it is if it was let in. Who is to pass through gets its
/// answer when the upstream has given one.
struct answer {
  std::string bytes;
  std::optional<client_facts> accepted;
  std::optional<passage> through;
};

answer refusal(int status, std::string_view code, std::string_view detail) {
  return {wire::make_problem({.status = status, .code = code, .detail = detail}), {}, {}};
}

answer refusal(wire::head_fault const& fault) {
  return {wire::make_problem(fault), {}, {}};
}

/// Refused now, but it may come back.
answer refusal_for_now(int status, std::string_view code, std::string_view detail) {
  return {
      wire::make_problem({.status = status, .code = code, .detail = detail, .retry_after = std::chrono::seconds(1)}),
      {},
      {}};
}

/// Names are compared without case; an entry without a port stands for any port.
bool serves_host(config::listener const& l, std::string_view host) {
  auto const matches = [&](std::string const& entry) {
    return wire::same_name(entry, host) || wire::same_name(entry, wire::host_of(host));
  };
  return l.hosts.empty() || std::any_of(l.hosts.begin(), l.hosts.end(), matches);
}

/// A certificate was chosen for the name in SNI, so nothing of another host may be asked for here (RFC 9110 section
/// 7.4). SNI carries no trailing dot (RFC 6066 section 3), a Host may.
bool is_certified_host(net::tls_engine const* tls, std::string_view host) {
  if (tls == nullptr || tls->server_name().empty()) return true;
  auto name = wire::host_of(host);
  if (name.ends_with('.')) name.remove_suffix(1);
  return wire::same_name(name, tls->server_name());
}

std::string_view choose_protocol(config::listener const& l, wire::websocket_request const& request) {
  auto const among = [](auto const& all, std::string_view one) {
    return std::find(all.begin(), all.end(), one) != all.end();
  };
  if (among(request.protocols, wire::control_protocol)) return wire::control_protocol;
  for (auto const offered : request.protocols) {
    if (among(l.subprotocols, offered)) return offered;
  }
  return {};
}

bool is_trusted(std::span<config::cidr const> proxies, std::string_view ip) {
  return std::any_of(proxies.begin(), proxies.end(), [ip](config::cidr const& c) { return c.contains(ip); });
}

/// Who speaks through a trusted proxy: the last address of X-Forwarded-For that is not a trusted proxy's own.
std::string forwarded_client(wire::request_head const& head, std::span<config::cidr const> proxies,
                             std::string const& peer) {
  auto list = head.get("X-Forwarded-For");
  while (!list.empty()) {
    auto const comma = list.find_last_of(',');
    auto const last = wire::trim(comma == list.npos ? list : list.substr(comma + 1));
    if (!config::is_ip_literal(last)) return peer;
    if (!is_trusted(proxies, last)) return std::string(last);
    list = list.substr(0, comma == list.npos ? 0 : comma);
  }
  return peer;
}

/// The valid one that the client sent, or one that is made.
template <class Make>
std::string kept_or_made(std::string_view kept, Make make) {
  return kept.empty() ? make() : std::string(kept);
}

/// The name of the cookie that this client is to get: the listener gives one, and it has none yet.
std::string_view new_cookie_for(config::listener const& l, route::handshake const& from) {
  if (l.sticky_cookie.empty() || route::hash_source_of("cookie:" + l.sticky_cookie, from)) return {};
  return l.sticky_cookie;
}

/// For Set-Cookie (RFC 6265 section 4.1); empty: it gets none.
std::string cookie_of(client_facts const& who) {
  if (who.new_cookie.empty()) return {};
  return fmt::format("{}={}; Path=/; HttpOnly; SameSite=Lax{}", who.new_cookie, who.conn, who.secure ? "; Secure" : "");
}

client_facts facts_of(worker const& on, route::handshake const& from, std::string_view raw, std::size_t listener,
                      net::stream& client) {
  auto const& head = from.head;
  auto const proxies = on.proxies_of(listener);
  auto const peer = net::address::of_socket(client.descriptor(), false).ip();
  bool const by_proxy = is_trusted(proxies, peer);
  auto const address = by_proxy ? forwarded_client(head, proxies, peer) : peer;
  auto const conn = wire::make_request_id().substr(0, 16);
  auto const request_id = kept_or_made(wire::kept_request_id(head), wire::make_request_id);
  auto const traceparent = kept_or_made(wire::kept_traceparent(head), wire::make_traceparent);
  auto const* const tls = client.tls();
  auto const user = tls == nullptr ? std::string() : tls->peer_name();
  return client_facts({.head = raw,
                       .address = address,
                       .peer = peer,
                       .conn = conn,
                       .request_id = request_id,
                       .traceparent = traceparent,
                       .listener = on.settings().listeners[listener].name,
                       .user = user,
                       .new_cookie = new_cookie_for(on.settings().listeners[listener], from),
                       .by_proxy = by_proxy,
                       .secure = tls != nullptr});
}

/// A head from a listener for clients: an upgrade to a multiplexed session, or nothing.
answer answer_client(worker const& on, std::string_view raw, std::size_t listener, net::stream& client) {
  auto const& l = on.settings().listeners[listener];
  auto const head = wire::judge_request(raw);
  if (!head) return refusal(head.error());
  if (!net::beast_agrees_request(raw)) return refusal(400, "BAD_HANDSHAKE", "the request head is ambiguous");
  if (!serves_host(l, head->get("Host"))) return refusal(421, "BAD_HANDSHAKE", "this host is not served here");
  if (!is_certified_host(client.tls(), head->get("Host"))) {
    return refusal(421, "BAD_HANDSHAKE", "Host names another host than the TLS handshake");
  }
  auto const target = wire::judge_target(head->target);
  if (!target) return refusal(target.error());
  auto const matches = [&](auto const& pattern) { return wire::path_matches(pattern, target->path); };
  bool const multiplexed = std::any_of(l.ws_paths.begin(), l.ws_paths.end(), matches);
  auto const* const route = multiplexed ? nullptr : on.around().routes.match(target->path, head->get("Host"));
  if (!multiplexed && route == nullptr) {
    return refusal(404, "NO_ROUTE", "no listener path or route matches; WebSockets are served on ws_paths");
  }
  auto const request = wire::judge_upgrade(*head);
  if (!request) return refusal(request.error());
  bool const over_tls = client.tls() != nullptr;
  if (!wire::origin_allowed(request->origin, head->get("Host"), l.origins, over_tls)) {
    return refusal(403, "FORBIDDEN", "this Origin may not connect; see 'origins' of the listener");
  }
  if (on.stopping() || on.around().full()) {
    return refusal_for_now(503, "OVERLOADED", "no more sessions are accepted now");
  }
  auto facts = facts_of(on, {.head = *head, .target = *target}, raw, listener, client);
  auto* const limit = on.around().per_address;
  if (limit != nullptr && !limit->admit(std::string(facts.address), l.max_sessions_per_ip, facts.address_seat)) {
    return refusal_for_now(429, "RATE_LIMITED", "this address has as many sessions as it may");
  }
  auto* const places = on.around().per_listener;
  if (places != nullptr && !places->admit(l.name, l.max_sessions, facts.listener_seat)) {
    return refusal_for_now(503, "OVERLOADED", "this listener has as many sessions as it may");
  }
  auto accept = wire::accept_key(request->key);
  if (route != nullptr) {
    passage through{route, std::move(accept), {request->protocols.begin(), request->protocols.end()}};
    return {{}, std::move(facts), std::move(through)};
  }
  auto const protocol = choose_protocol(l, *request);
  auto const user = facts.user.empty() ? std::nullopt : std::optional<std::string_view>(facts.user);
  facts.told = route::shared_circumstances_of(
      on.table().asked(),
      {.head = *head, .target = *target, .subprotocol = protocol, .client = facts.address, .user = user});
  bool const compresses = l.compression == config::compression::on;
  auto const deflate = compresses ? wire::choose_deflate(*head) : std::nullopt;
  if (deflate) facts.deflate_window = deflate->window_bits;
  auto const extension = deflate ? wire::deflate_answer(*deflate) : std::string();
  auto bytes = wire::make_upgrade_response(accept, protocol, extension, cookie_of(facts));
  return {std::move(bytes), std::move(facts), {}};
}

/// A head from the listener for probes and scrapes, or from that for operators.
answer answer_probe(worker const& on, std::string_view raw, entrance by) {
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
  } else if (path == "/services" && by == entrance::operators) {
    body = on.around().services();
    type = "application/json";
  } else {
    return refusal(404, "NO_ROUTE",
                   by == entrance::operators ? "here are /healthz, /readyz, /metrics and /services"
                                             : "here are /healthz, /readyz and /metrics");
  }
  constexpr std::string_view methods = "GET, HEAD, OPTIONS";
  if (head->method == "OPTIONS") {
    wire::owned_field const allow{"Allow", std::string(methods)};
    return {wire::make_response(204, {&allow, 1}, "", "", false), {}, {}};
  }
  if (head->method != "GET" && head->method != "HEAD") {
    return {wire::make_problem({.status = 405,
                                .code = "BAD_HANDSHAKE",
                                .detail = "only GET, HEAD and OPTIONS are answered here",
                                .allow = methods}),
            {},
            {}};
  }
  auto bytes = wire::make_response(status, {}, type, body, false);
  if (head->method == "HEAD") bytes.resize(bytes.size() - body.size());
  return {std::move(bytes), {}, {}};
}

std::string refuse_unread(error const& why, net::received_head const& received, bool timed_out) {
  if (timed_out) return wire::make_problem({.status = 408, .code = "TIMEOUT", .detail = "no request head in time"});
  if (why.code == errc::bad_handshake) return wire::make_problem(wire::head_too_big(received.bytes));
  return {};
}

/// The TLS handshake failed. Its alert is all that can be said, except to those who speak HTTP.
answer refuse_insecure(worker& on, net::stream& client, config::listener const& l, error const& why) {
  if (why.code != errc::bad_handshake && why.code != errc::timeout) return {};  // it left, or the worker stops
  auto const address = net::address::of_socket(client.descriptor(), false).ip();
  log::event(log::level::debug, "tls_refused", {{"listener", l.name}, {"client", address}, {"err", describe(why)}});
  if (why.code == errc::bad_handshake && client.tls() == nullptr) {
    return refusal(400, "BAD_HANDSHAKE", "this port speaks TLS: use wss:// or https://");
  }
  on.stats().handshakes_refused.add();
  if (why.code == errc::timeout) client.close();
  return {};
}

/// TLS if the listener speaks it, then the head: what is answered.
net::awaitable<answer> hear(worker& on, net::stream& client, arrival const& from, net::received_head& received) {
  auto const& l = on.settings().listeners[from.listener];
  // The deadline does not close: a late client is told 408.
  net::deadline limit(on.loop(), client, l.handshake_timeout, net::deadline::action::interrupt);
  auto engine = from.by == entrance::clients ? on.tls().for_client(from.listener) : nullptr;
  if (engine) {
    auto const secured = co_await client.secure(std::move(engine));
    if (!secured) co_return refuse_insecure(on, client, l, secured.error());
  }
  auto read = co_await client.append_some(received.bytes);
  if (read && client.tls() == nullptr && received.bytes.front() == tls_handshake_record) {
    co_return refusal(400, "BAD_HANDSHAKE", "this port does not speak TLS: use ws:// or http://");
  }
  if (read) read = co_await net::read_head(client, received, l.header_limit);
  if (!read) co_return answer{refuse_unread(read.error(), received, limit.passed()), {}, {}};
  if (from.by != entrance::clients) co_return answer_probe(on, received.head(), from.by);
  co_return answer_client(on, received.head(), from.listener, client);
}

/// Hears a connection and answers it. Who was let in comes back; everyone else has had their answer.
net::awaitable<std::optional<upgraded>> greet(worker& on, net::stream& client, arrival const& from) {
  net::received_head received;
  auto reply = co_await hear(on, client, from, received);
  if (reply.through) co_return upgraded{std::move(*reply.accepted), std::move(reply.through), received.rest()};
  net::deadline limit(on.loop(), client, on.settings().listeners[from.listener].handshake_timeout);
  auto const written = co_await client.write(reply.bytes);
  if (written && reply.accepted) co_return upgraded{std::move(*reply.accepted), {}, received.rest()};
  if (from.by == entrance::clients && !reply.bytes.empty()) on.stats().handshakes_refused.add();
  if (written) co_await client.finish();
  co_return std::nullopt;
}

/// The HTTP answer of an upstream that did not upgrade, as far as it concerns the client.
struct verbatim {
  int status = 0;
  std::vector<wire::owned_field> fields;

  void keep(wire::response_head const& head) {
    status = head.status;
    fields.clear();  // of an instance that was tried before
    for (std::string_view const name : {"WWW-Authenticate", "Retry-After", "Location"}) {
      if (auto const value = head.get(name); !value.empty()) fields.push_back({std::string(name), std::string(value)});
    }
  }
};

std::string refuse_passage(error const& why, verbatim const& upstream) {
  auto const& row = row_of(why.code);
  bool const theirs = why.code == errc::handshake_rejected && upstream.status >= 300 && upstream.status <= 599;
  wire::problem told{.status = theirs ? upstream.status : row.http, .code = row.name, .detail = why.context};
  if (theirs) told.extra = upstream.fields;
  bool const comes_back = why.code == errc::no_instance || why.code == errc::circuit_open;
  auto const wait = std::chrono::milliseconds(route::undeliverable(why).retry_after_ms.value_or(0));
  if (comes_back) told.retry_after = std::chrono::ceil<std::chrono::seconds>(wait);
  return wire::make_problem(told);
}

/// Dials the upstream before the client gets its answer, whichever that is.
net::awaitable<std::optional<dialled>> open_passage(worker& on, net::stream& client, upgraded const& who,
                                                    net::stream*& current) {
  verbatim refused;
  dial_wish wish;
  wish.protocols = who.through->protocols;
  wish.still_wanted = [&client] { return client.is_open(); };
  wish.refused = [&refused](wire::response_head const& head) { refused.keep(head); };
  auto opened = co_await dial(on, who.through->by->service, who.facts, current, std::move(wish));
  auto const bytes = opened
                         ? wire::make_upgrade_response(who.through->accept, opened->protocol, {}, cookie_of(who.facts))
                         : refuse_passage(opened.error(), refused);
  net::deadline limit(on.loop(), client, on.settings().session.pong_timeout);
  auto const written = co_await client.write(bytes);
  if (!opened) on.stats().handshakes_refused.add();
  if (written && !opened) co_await client.finish();
  if (!written || !opened) co_return std::nullopt;
  co_return std::move(*opened);
}

/// What a connection has become.
struct opened {
  std::unique_ptr<conversation> who;  // null: it has had its answer
  std::string rest;                   // bytes behind the handshake
};

/// The handshake. All that it needed is gone when the conversation begins.
net::awaitable<opened> open(worker& on, net::stream& client, arrival const& connection) {
  greeting registered(on, client, connection.by);
  opened begun;
  auto greeted = co_await greet(on, client, connection);
  if (!greeted) co_return begun;
  if (auto const& through = greeted->through; through) {
    auto upstream = co_await open_passage(on, client, *greeted, registered.dialling);
    if (!upstream) co_return begun;
    begun.who = std::make_unique<tunnel>(on, std::move(greeted->facts), *through->by, std::move(*upstream));
  } else {
    begun.who = std::make_unique<session>(on, std::move(greeted->facts));
  }
  begun.rest = std::move(greeted->rest);
  co_return begun;
}

}  // namespace

net::awaitable<void> serve_connection(worker& on, arrival connection) {
  net::stream client(on.loop(), std::move(connection.socket));
  auto begun = co_await open(on, client, connection);
  if (begun.who) conversation::begin(std::move(begun.who), client, std::move(begun.rest));
}

}  // namespace gw::gateway
