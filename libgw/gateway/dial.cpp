#include "gateway/dial.hpp"

#include "cluster/hash.hpp"
#include "core/log.hpp"
#include "gateway/upstream.hpp"
#include "gateway/worker.hpp"
#include "net/beast_judge.hpp"
#include "net/http_io.hpp"
#include "net/shortage.hpp"
#include "net/tls_engine.hpp"
#include "route/hash_source.hpp"
#include "route/refusal.hpp"
#include "wire/header_rules.hpp"
#include "wire/strict_head.hpp"
#include "wire/strict_head_lexis.hpp"
#include "wire/target.hpp"
#include "wire/upgrade.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <vector>

namespace gw::gateway {
namespace {

/// One try at one instance. The coroutines below see the one in try_instances(), which outlives them.
struct attempt {
  worker& on;
  std::uint32_t service;
  config::service const& settings;
  wire::forward_rules const& rules;
  client_facts const& client;
  cluster::instance const& target;
  time_point give_up_at;
  bool began_early;  // with most of the dial's time left
  net::stream& upstream;
  dial_wish const& wish;
  std::string& tls_failure;  // why TLS failed: for the log, not for clients
};

error upstream_error(errc code, attempt const& a, std::string what, std::error_code cause = {}) {
  // Clients are shown this: it names the service, never the address of an instance (the log has that).
  return {code, side::upstream, "'" + std::string(a.on.name_of(a.service)) + "' " + std::move(what), cause};
}

std::string path_and_query(attempt const& a, wire::request_head const& head) {
  if (!a.settings.path.empty()) return a.settings.path;
  auto const target = wire::judge_target(head.target);
  if (!target) return "/";  // cannot be: it was judged when the client connected
  auto path = wire::encode_path(target->path);
  if (!target->query.empty()) path.append("?").append(target->query);
  return path;
}

std::string handshake_of(attempt const& a, std::string const& key, std::vector<std::string> const& protocols) {
  auto const head = wire::judge_request(a.client.head);
  if (!head) return {};
  auto const fields = wire::upstream_headers(*head, a.rules,
                                             {.client_ip = a.client.by_proxy ? a.client.peer : a.client.address,
                                              .proto = a.client.secure ? "https" : "http",
                                              .request_id = a.client.request_id,
                                              .traceparent = a.client.traceparent,
                                              .peer_is_trusted = a.client.by_proxy});
  return wire::make_upgrade_request(path_and_query(a, *head), host_of(a.settings, a.target), key, protocols, fields);
}

struct time_limit {
  duration time;
  std::error_code shortage;  // set: the instance gets less time than it should, and is not to blame for being late
};

/// Of a step that may take `own` of the time that the dial has left. Whoever began early is to blame all the same: else
/// nobody ever is where open_timeout is the shortest of the limits.
time_limit limit_of(attempt const& a, duration own) {
  auto const left = a.give_up_at - a.on.loop().wheel.now();
  if (own <= left) return {own, {}};
  return {left, a.began_early ? std::error_code() : make_error_code(std::errc::stream_timeout)};
}

net::awaitable<result<>> connect(attempt const& a) {
  auto const address = net::address::of_ip(a.target.ip, a.target.configured.port);
  if (!address) co_return address.error();
  auto const limit = limit_of(a, a.settings.channel.connect_timeout);
  net::deadline deadline(a.on.loop(), a.upstream, limit.time);
  auto connected = co_await a.upstream.connect(*address);
  if (connected) co_return connected;
  if (deadline.passed()) co_return upstream_error(errc::connect_timeout, a, "did not accept in time", limit.shortage);
  if (connected.error().code == errc::closed) co_return connected.error();
  co_return upstream_error(errc::connect_failed, a, "cannot be reached", connected.error().cause);
}

/// The subprotocol that the upstream chose.
result<std::string> judge_answer(attempt const& a, std::string_view raw, std::string const& key,
                                 std::vector<std::string> const& protocols) {
  auto const head = wire::judge_response(raw);
  if (!head || !net::beast_agrees_response(raw)) {
    return upstream_error(errc::handshake_rejected, a, "answered with a malformed HTTP head");
  }
  if (head->status != 101) {
    if (a.wish.refused && head->status >= 200) a.wish.refused(*head);
    return upstream_error(errc::handshake_rejected, a, "refused the handshake", http_status(head->status));
  }
  if (auto const judged = wire::judge_upgrade_response(*head, wire::accept_key(key), protocols); !judged) {
    return upstream_error(errc::handshake_rejected, a,
                          "answered with a bad handshake: " + std::string(judged.error().why));
  }
  return std::string(head->get("Sec-WebSocket-Protocol"));
}

error tls_failed(attempt const& a, std::string_view why) {
  a.tls_failure = why;
  return upstream_error(errc::connect_failed, a, "failed the TLS handshake");
}

net::awaitable<result<>> secure(attempt const& a, std::unique_ptr<net::tls_engine> engine) {
  auto done = co_await a.upstream.secure(std::move(engine));
  if (done || !a.upstream.is_open()) co_return done;
  auto const* const tls = a.upstream.tls();
  auto const why = tls == nullptr || tls->failure().empty() ? describe(done.error()) : std::string(tls->failure());
  co_return tls_failed(a, why);
}

struct shaken {
  std::string rest;
  std::string protocol;
};

std::vector<std::string> offered_by(attempt const& a) {
  if (a.wish.protocols) return *a.wish.protocols;
  return a.settings.subprotocol.empty() ? std::vector<std::string>() : std::vector{a.settings.subprotocol};
}

net::awaitable<result<shaken>> shake_hands(attempt const& a) {
  auto const protocols = offered_by(a);
  auto const key = wire::make_key();
  auto const request = handshake_of(a, key, protocols);
  if (request.empty()) co_return upstream_error(errc::internal, a, "cannot be asked: a header cannot be written");

  auto const limit = limit_of(a, a.settings.channel.handshake_timeout);
  net::deadline deadline(a.on.loop(), a.upstream, limit.time);
  net::received_head received;
  auto engine = a.on.tls().for_upstream(a.service, a.target.id, certified_name(a.settings, a.target));
  result<> done;
  if (engine) done = co_await secure(a, std::move(engine));
  if (done) done = co_await a.upstream.write(request);
  if (done) done = co_await read_answer(a.upstream, received);
  if (!done) {
    if (deadline.passed()) {
      co_return upstream_error(errc::connect_timeout, a, "did not answer the handshake in time", limit.shortage);
    }
    if (!a.upstream.is_open() || done.error().code == errc::connect_failed) co_return done.error();
    // With TLS 1.3 a server refuses our certificate only behind the handshake.
    auto const* const tls = a.upstream.tls();
    if (tls != nullptr && !tls->failure().empty()) co_return tls_failed(a, tls->failure());
    auto const cause = done.error().cause ? done.error().cause : make_error_code(std::errc::connection_aborted);
    co_return upstream_error(errc::handshake_rejected, a, "did not answer the handshake", cause);
  }
  auto judged = judge_answer(a, received.head(), key, protocols);
  if (!judged) co_return judged.error();
  co_return shaken{received.rest(), std::move(*judged)};
}

/// What a failed try says about the instance: nothing if it answered as HTTP, or if the fault is ours.
std::optional<cluster::trouble> trouble_of(error const& e, bool connected) {
  using cluster::trouble;
  if (net::is_our_shortage(e.cause)) return std::nullopt;
  if (!connected) return trouble::unreachable;
  if (e.code == errc::connect_timeout || e.code == errc::connect_failed) return trouble::no_answer;  // or TLS failed
  if (e.code != errc::handshake_rejected) return std::nullopt;
  if (!e.cause) return trouble::bad_handshake;
  if (!is_http_status(e.cause)) return trouble::no_answer;  // the connection broke
  if (e.cause.value() >= 500) return trouble::server_error;
  return std::nullopt;
}

/// Would another instance answer otherwise? Not if this one understood us and said no.
bool worth_another(error const& e) {
  return e.code != errc::handshake_rejected || !e.cause || e.cause.value() >= 500 || e.cause.value() < 400;
}

/// What came of a try, for the pool, the counters and the log. Whoever waits for it may look again.
void note_success(attempt const& a, duration took) {
  auto& pool = a.on.pool_of(a.service);
  auto& counts = a.on.stats().of_service[a.service];
  pool.succeeded(a.target.id, a.on.loop().wheel.now());
  pool.observed(a.target.id, took, a.on.loop().wheel.now());
  counts.connects.add();
  auto const us = std::chrono::duration_cast<std::chrono::microseconds>(took);
  counts.connect_times_us.record(static_cast<std::uint64_t>(us.count()));
  a.on.outcomes_of(a.service).notify_all();
}

void note_failure(attempt const& a, error const& e, bool connected) {
  a.on.stats().of_service[a.service].connect_failures.add();
  auto const why = describe(e) + (a.tls_failure.empty() ? "" : ": " + a.tls_failure);
  log::event(
      log::level::warning, "dial_failed",
      {{"conn", a.client.conn}, {"service", a.on.name_of(a.service)}, {"instance", name_of(a.target)}, {"err", why}});
  if (auto const what = trouble_of(e, connected)) {
    report(a.on, a.service, a.target.id, *what);
  } else if (e.code == errc::handshake_rejected) {
    a.on.pool_of(a.service).succeeded(a.target.id, a.on.loop().wheel.now());  // it answered
  }
  a.on.outcomes_of(a.service).notify_all();
}

error nobody(worker const& on, std::uint32_t service) {
  return {errc::no_instance, side::upstream, route::no_instance_text(on.name_of(service)), {}};
}

/// The instance to dial, a copy: a new snapshot may come meanwhile. While an instance is being probed, what comes of
/// that is waited for, until `give_up_at` at most.
net::awaitable<result<cluster::instance>> next_of(worker& on, std::uint32_t service, cluster::dial_request const& asked,
                                                  dial_wish const& wish, time_point give_up_at) {
  auto& pool = on.pool_of(service);
  auto const& wheel = on.loop().wheel;
  for (;;) {
    auto const now = wheel.now();
    if (now >= give_up_at) co_return nobody(on, service);
    auto const* const chosen = pool.next(asked, now);
    if (chosen != nullptr) co_return *chosen;
    auto const worth = std::min(pool.worth_waiting(asked, now), give_up_at - now);
    if (worth == duration{}) co_return nobody(on, service);
    co_await on.outcomes_of(service).wait_for(worth);
    if (wish.still_wanted && !wish.still_wanted()) co_return error{errc::closed, side::gateway, "torn down", {}};
  }
}

/// Lets a teardown see the connection that is being tried for as long as it exists, be it left by an exception.
class shown_as {
 public:
  shown_as(net::stream*& where, net::stream& what) noexcept : where_(where) { where_ = &what; }
  ~shown_as() { where_ = nullptr; }
  shown_as(shown_as const&) = delete;
  shown_as& operator=(shown_as const&) = delete;

 private:
  net::stream*& where_;
};

}  // namespace

void report(worker& on, std::uint32_t service, cluster::instance_id instance, cluster::trouble what) {
  auto& pool = on.pool_of(service);
  auto const now = on.loop().wheel.now();
  if (!pool.reported(instance, what, now)) return;
  on.stats().of_service[service].ejections.add();
  auto const until = pool.state_of(instance, now).until;
  log::event(log::level::warning, "instance_ejected",
             {{"service", on.name_of(service)},
              {"instance", name_of(*pool.find(instance))},
              {"reason", cluster::text_of(what)},
              {"for_ms", std::chrono::duration_cast<std::chrono::milliseconds>(until - now).count()}});
}

namespace {

/// What the choice of an instance goes by, for the client; nothing if it does not.
std::optional<std::uint64_t> key_of(worker& on, std::uint32_t service, client_facts const& client) {
  if (!on.pool_of(service).goes_by_key()) return std::nullopt;
  auto const head = wire::judge_request(client.head);
  if (!head) return std::nullopt;
  auto const target = wire::judge_target(head->target);
  if (!target) return std::nullopt;
  auto const& hash_on = on.settings().services[service].hash_on;
  auto source = route::hash_source_of(hash_on, {.head = *head, .target = *target, .client = client.address});
  // It has the cookie only since our answer, and will bring it the next time.
  bool const by_new_cookie = !client.new_cookie.empty() && hash_on == "cookie:" + std::string(client.new_cookie);
  if (!source && by_new_cookie) source = client.conn;
  return source ? std::optional(cluster::hash_of(*source)) : std::nullopt;
}

net::awaitable<result<dialled>> try_instances(worker& on, std::uint32_t service, client_facts const& client,
                                              net::stream*& current, dial_wish const& wish) {
  auto const& settings = on.settings().services[service];
  auto const give_up_at = on.loop().wheel.now() + settings.channel.open_timeout;
  std::vector<cluster::instance_id> tried;
  std::optional<error> last;  // none: there was nobody to try
  auto const key = key_of(on, service, client);

  while (tried.size() <= settings.channel.connect_retries) {
    cluster::dial_request const asked{.key = key, .only = wish.instance, .excluded = tried};
    auto const target = co_await next_of(on, service, asked, wish, give_up_at);
    if (!target && target.error().code == errc::closed) co_return target.error();
    if (!target) break;
    lease counted(target->load, on.index());
    auto upstream = std::make_unique<net::stream>(on.loop());
    shown_as const current_try(current, *upstream);
    auto const began = on.loop().wheel.now();
    std::string tls_failure;
    attempt const a{.on = on,
                    .service = service,
                    .settings = settings,
                    .rules = on.forwarding_of(service),
                    .client = client,
                    .target = *target,
                    .give_up_at = give_up_at,
                    .began_early = give_up_at - began > settings.channel.open_timeout / 2,
                    .upstream = *upstream,
                    .wish = wish,
                    .tls_failure = tls_failure};
    auto const connected = co_await connect(a);
    result<shaken> done = shaken{};
    if (connected) {
      done = co_await shake_hands(a);
    } else {
      done = connected.error();
    }
    if (done) {
      note_success(a, on.loop().wheel.now() - began);
      co_return dialled{std::move(upstream), std::move(done->rest), std::move(counted), target->id,
                        std::move(done->protocol)};
    }
    auto const& fault = done.error();
    if (fault.code == errc::closed) co_return fault;  // torn down
    note_failure(a, fault, connected.has_value());
    // What others said counts for more than that we ran out of something.
    if (!last || !net::is_our_shortage(fault.cause)) last = fault;
    if (!worth_another(fault)) break;
    tried.push_back(target->id);
  }
  co_return last ? *last : nobody(on, service);
}

/// What the breaker is told of a dial: nothing, if it says nothing about the service.
enum class outcome : std::uint8_t { none, good, bad };

outcome outcome_of(result<dialled> const& done) {
  if (done) return outcome::good;
  if (trouble_of(done.error(), true)) return outcome::bad;
  return done.error().code == errc::handshake_rejected ? outcome::good : outcome::none;  // it answered
}

/// Shows how the breaker stands; `changed` by what came of a dial: the log tells it too.
void show(worker& on, std::uint32_t service, bool changed) {
  auto const state = on.circuit_of(service).at(on.loop().wheel.now());
  auto& shown = on.stats().of_service[service].circuit;
  shown.add(static_cast<std::uint64_t>(state) - shown.get());
  if (!changed) return;
  bool const open = state != cluster::circuit::state::closed;
  log::event(open ? log::level::warning : log::level::info, open ? "circuit_opened" : "circuit_closed",
             {{"service", on.name_of(service)}});
}

void note_outcome(worker& on, std::uint32_t service, outcome what) {
  if (what == outcome::none) return;
  auto& breaker = on.circuit_of(service);
  auto const now = on.loop().wheel.now();
  show(on, service, what == outcome::good ? breaker.succeeded(now) : breaker.failed(now));
}

}  // namespace

net::awaitable<result<dialled>> dial(worker& on, std::uint32_t service, client_facts const& client,
                                     net::stream*& current, dial_wish wish) {
  auto const wait = on.circuit_of(service).wait(on.loop().wheel.now());
  show(on, service, false);
  if (wait > duration()) {
    auto const ms = std::chrono::ceil<std::chrono::milliseconds>(wait);
    co_return route::circuit_is_open(on.name_of(service), ms);
  }
  auto done = co_await try_instances(on, service, client, current, wish);
  if (done || !wish.for_a_move) note_outcome(on, service, outcome_of(done));
  co_return done;
}

}  // namespace gw::gateway
