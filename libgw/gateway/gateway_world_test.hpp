// The world of the gateway's transcript tests: one worker with real sockets around it, all on one loop that the test's
// own thread drives. Services are listeners on the loopback, clients sit on socket pairs. Used by the tests beside it.
#pragma once

#include "cluster/registry.hpp"
#include "gateway/session.hpp"
#include "gateway/worker.hpp"
#include "testing/party.hpp"
#include "testing/raw_client.hpp"
#include "testing/secure_client.hpp"
#include "testing/service_double.hpp"
#include "testing/socket_pair.hpp"

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace gw::testing {

/// Who takes part.
struct cast {
  std::vector<std::string> services = {"chat"};
  std::size_t instances = 1;                           // of each service
  std::function<void(config::config&)> settings = {};  // has the last word on the configuration
  bool manual_time = false;                            // time passes by gateway_world::pass() only
};

inline constexpr std::string_view trace_id = "0af7651916cd43dd8448eb211c80319c";

/// The handshake of a plausible client. Some of it must not reach a service.
inline constexpr std::string_view client_head =
    "GET /ws/room%20one?who=me&x=1 HTTP/1.1\r\n"
    "Host: gateway.example:8080\r\n"
    "Connection: keep-alive, Upgrade\r\n"
    "Upgrade: websocket\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Extensions: permessage-deflate\r\n"
    "Sec-WebSocket-Protocol: of.the.client\r\n"
    "Origin: http://gateway.example:8080\r\n"
    "User-Agent: transcript/1\r\n"
    "Cookie: session=abc; theme=dark\r\n"
    "X-Wsgw-User: root\r\n"
    "X-Forwarded-For: 6.6.6.6\r\n"
    "X-Request-Id: request-7\r\n"
    "\r\n";

/// A handshake by TLS with the gateway that `host` names, with more fields.
inline std::string secure_head(std::string const& host, std::string const& more = {}) {
  return "GET /ws HTTP/1.1\r\nHost: " + host +
         "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
         more + "\r\n";
}

/// A message for `service`.
inline std::string message_to(std::string const& service, std::string const& data) {
  return R"({"method":"/api/v1/)" + service + R"(/send","data":)" + data + "}";
}
inline std::string message_to(std::string const& service, int data) {
  return message_to(service, std::to_string(data));
}

/// A message for `service` of exactly `size` bytes.
inline std::string message_of_size(std::string const& service, std::size_t size) {
  auto const around = message_to(service, R"("")").size();
  return message_to(service, '"' + std::string(size - around, 'x') + '"');
}

class gateway_world {
 public:
  gateway_world(cast who, clock const& real_time);

  /// A client that has done its handshake. `deflate_window`: bits of the window with which it agreed on
  /// permessage-deflate; 0: it did not.
  party& client(std::string name = "client", bool control = false, std::uint8_t deflate_window = 0);
  /// One that has still to do it: everything it sends goes through serve_connection().
  raw_client& connection(gateway::entrance by = gateway::entrance::clients);
  /// The same by TLS, which it has still to begin.
  secure_client& secure_connection();
  /// A client that has done all its handshakes by TLS, with the gateway that `host` names.
  net::awaitable<party*> secure_party(gateway::tls_context_ptr context, std::string host);
  /// The next connection to `service` that nobody has asked for yet.
  net::awaitable<party*> upstream(std::string service);
  service_double& instance(std::string const& service, std::size_t number = 0) {
    return *instances_.at(service)[number];
  }

  /// Checks that the next thing `to` hears is this error frame, to the letter except for `gw`, `conn` and `trace`,
  /// which are the same in all of them.
  net::awaitable<void> told(party& to, std::string frame, boost::source_location at = BOOST_CURRENT_LOCATION);

  gateway::worker& worker() { return *worker_; }
  /// Looks whether certificates have changed on disk.
  bool reread_certificates();
  gateway::service_stats const& counts_of(std::string const& service) const;
  /// The gateway's side of a client; null as soon as it is over.
  gateway::session* session_of(party const& client) const;
  std::size_t sessions() const { return worker_->stats().sessions.get(); }

  story& told_so_far() { return story_; }
  net::awaitable<void> until(std::string what, std::function<bool()> holds) { return story_.until(what, holds); }
  net::awaitable<void> until_quiet() { return story_.until_quiet(); }
  void pass(duration time);
  /// The same step by step, with everything that each step leads to.
  net::awaitable<void> live_through(duration time, duration step = std::chrono::seconds(1));

  bool full = false;      // answered to whoever asks whether there is room for a session
  std::string not_ready;  // answered to /readyz

  void run(std::function<net::awaitable<void>(gateway_world&)> body);

 private:
  static std::shared_ptr<config::config const> settings_of(cast const& who);
  static std::shared_ptr<gateway::tls_contexts const> loaded(gateway::tls_files& certificates);
  static route::handshake_routes routes_of(config::config const& settings);
  static route::table table_of(config::config const& settings);
  void open_services(cast const& who);
  net::awaitable<void> farewell();

  manual_clock manual_;
  clock const& time_;
  std::shared_ptr<config::config const> settings_;
  gateway::tls_files certificates_;
  std::unique_ptr<gateway::worker> worker_;
  story story_;
  net::task_group running_;
  std::map<std::string, std::vector<std::unique_ptr<service_double>>> instances_;
  std::map<std::string, std::deque<party*>> arrived_;
  std::vector<std::unique_ptr<party>> parties_;
  std::vector<std::unique_ptr<raw_client>> connections_;
  std::vector<std::unique_ptr<secure_client>> secure_connections_;
};

/// Plays one test. At its end nothing may be left: no socket, no session, no channel, no timer.
inline void play(cast who, std::function<net::awaitable<void>(gateway_world&)> body) {
  monotonic_clock const real_time;
  gateway_world world(std::move(who), real_time);
  world.run(std::move(body));
}

// --- how it is made ---

inline gateway_world::gateway_world(cast who, clock const& real_time)
    : time_(who.manual_time ? static_cast<clock const&>(manual_) : real_time),
      settings_(settings_of(who)),
      certificates_(*settings_),
      worker_(std::make_unique<gateway::worker>(0,
                                                gateway::surroundings{.settings = settings_,
                                                                      .time = &time_,
                                                                      .metrics = [] { return "wsgw_sessions 0\n"; },
                                                                      .not_ready = [this] { return not_ready; },
                                                                      .full = [this] { return full; },
                                                                      .routes = routes_of(*settings_),
                                                                      .tls = loaded(certificates_)},
                                                table_of(*settings_),
                                                cluster::registry::make(cluster::located(settings_->services), 1))),
      story_(worker_->loop()),
      running_(worker_->loop().where()) {
  open_services(who);
}

inline std::shared_ptr<config::config const> gateway_world::settings_of(cast const& who) {
  config::config settings;
  for (auto const& name : who.services) settings.services.push_back({.name = name});
  if (who.settings) who.settings(settings);
  return std::make_shared<config::config const>(std::move(settings));
}

inline std::shared_ptr<gateway::tls_contexts const> gateway_world::loaded(gateway::tls_files& certificates) {
  REQUIRE(certificates.load().has_value());
  return certificates.contexts();
}

inline bool gateway_world::reread_certificates() {
  bool const changed = certificates_.reread();
  if (changed) worker_->use(certificates_.contexts());
  return changed;
}

inline route::handshake_routes gateway_world::routes_of(config::config const& settings) {
  std::vector<std::string> names;
  for (auto const& s : settings.services) names.push_back(s.name);
  return *route::handshake_routes::make(settings.routes, names);
}

inline route::table gateway_world::table_of(config::config const& settings) {
  std::vector<std::string> names;
  for (auto const& s : settings.services) names.push_back(s.name);
  return *route::table::make(settings.url_rule, names, settings.rules);
}

inline void gateway_world::open_services(cast const& who) {
  auto services = settings_->services;
  for (auto& s : services) {
    auto& opened = instances_[s.name];
    auto const arrived = [this, name = s.name](std::unique_ptr<party> came) {
      arrived_[name].push_back(came.get());
      parties_.push_back(std::move(came));
    };
    for (std::size_t i = 0; i < who.instances; ++i) {
      opened.push_back(std::make_unique<service_double>(story_, worker_->loop(), s.name, arrived));
    }
    // The order of the registry: number 0 is dialled first.
    std::sort(opened.begin(), opened.end(), [](auto const& a, auto const& b) { return a->port() < b->port(); });
    for (std::size_t i = 0; i < opened.size(); ++i) {
      opened[i]->number = i;
      s.instances.push_back({.host = "127.0.0.1", .port = opened[i]->port()});
      running_.spawn(opened[i]->serve(running_));
    }
  }
  worker_->use(cluster::registry::make(cluster::located(services), 1));
}

inline party& gateway_world::client(std::string name, bool control, std::uint8_t deflate_window) {
  auto [ours, gateways] = socket_pair();
  auto& made =
      *parties_.emplace_back(std::make_unique<party>(story_, worker_->loop(), std::move(name), wire::role::client));
  auto const conn = "conn-of-" + made.name();
  auto const traceparent = "00-" + std::string(trace_id) + "-b7ad6b7169203331-01";
  gateway::client_facts facts({.head = client_head,
                               .address = "192.0.2.7",
                               .conn = conn,
                               .request_id = "request-7",
                               .traceparent = traceparent,
                               .listener = "public",
                               .deflate_window = deflate_window});
  facts.told = route::unasked(control);
  if (deflate_window != 0) made.speaks_deflate();
  made.joins(std::move(ours), {});
  running_.spawn(made.live());
  net::stream connection(worker_->loop(), std::move(gateways));
  gateway::conversation::begin(std::make_unique<gateway::session>(*worker_, std::move(facts)), connection, {});
  return made;
}

inline raw_client& gateway_world::connection(gateway::entrance by) {
  auto [ours, gateways] = socket_pair();
  auto& made = *connections_.emplace_back(std::make_unique<raw_client>(story_, worker_->loop(), std::move(ours)));
  running_.spawn(made.listen());
  worker_->take({std::move(gateways), by, 0});
  return made;
}

inline secure_client& gateway_world::secure_connection() {
  auto [ours, gateways] = socket_pair();
  worker_->take({std::move(gateways), gateway::entrance::clients, 0});
  return *secure_connections_.emplace_back(std::make_unique<secure_client>(worker_->loop(), std::move(ours)));
}

inline net::awaitable<party*> gateway_world::secure_party(gateway::tls_context_ptr context, std::string host) {
  auto& connection = secure_connection();
  auto const failure = co_await connection.shakes_hands(std::move(context), host);
  REQUIRE(failure == "");
  co_await connection.sends(secure_head(host));
  auto const head = co_await connection.hears_head();
  REQUIRE(head.starts_with("HTTP/1.1 101 "));
  auto& made = *parties_.emplace_back(std::make_unique<party>(story_, worker_->loop(), "client", wire::role::client));
  made.joins(connection.release(), connection.rest());
  running_.spawn(made.live());
  co_return &made;
}

inline net::awaitable<party*> gateway_world::upstream(std::string service) {
  auto& waiting = arrived_[service];
  std::function<bool()> const there = [&waiting] { return !waiting.empty(); };
  std::string const what = "a connection to " + service;
  co_await story_.until(what, there);
  auto* const first = waiting.front();
  waiting.pop_front();
  co_return first;
}

inline net::awaitable<void> gateway_world::told(party& to, std::string frame, boost::source_location at) {
  auto expected = nlohmann::json::parse(frame);
  expected["error"]["gw"] = 1;
  expected["error"]["conn"] = "conn-of-" + to.name();
  expected["error"]["trace"] = trace_id;
  auto const heard = co_await to.hears_json();
  INFO(at.file_name() << ':' << at.line());
  CHECK(heard == expected);
}

inline gateway::service_stats const& gateway_world::counts_of(std::string const& service) const {
  std::size_t i = 0;
  while (settings_->services[i].name != service) ++i;
  return worker_->stats().of_service[i];
}

inline gateway::session* gateway_world::session_of(party const& client) const {
  gateway::session* found = nullptr;
  worker_->for_each([&](gateway::conversation& c) {
    if (c.facts().conn == "conn-of-" + client.name()) found = dynamic_cast<gateway::session*>(&c);
  });
  return found;
}

inline void gateway_world::pass(duration time) {
  manual_.advance(time);
  worker_->loop().wheel.advance();
}

inline net::awaitable<void> gateway_world::live_through(duration time, duration step) {
  for (; time > duration{}; time -= step) {
    pass(std::min(time, step));
    co_await until_quiet();
  }
}

inline void gateway_world::run(std::function<net::awaitable<void>(gateway_world&)> body) {
  story_.run([this, &body] { return body(*this); }, [this] { return farewell(); });
  CHECK(worker_->loop().sockets.watched() == 0);
  CHECK(worker_->loop().wheel.size() == 0);
  CHECK(worker_->connections() == 0);
  CHECK(worker_->stats().sessions.get() == 0);
  for (auto const& service : worker_->stats().of_service) CHECK(service.channels.get() == 0);
}

inline net::awaitable<void> gateway_world::farewell() {
  for (auto& [name, all] : instances_) {
    for (auto& i : all) {
      i->closes();
      i->answers_now();
    }
  }
  for (auto& c : connections_) c->vanishes();
  for (auto& c : secure_connections_) c->vanishes();
  for (auto& p : parties_) {
    p->reads_again();
    if (p->is_client()) p->vanishes();
  }
  std::function<bool()> const nobody_left = [this] { return running_.size() == 0 && worker_->connections() == 0; };
  co_await story_.until("everybody to leave", nobody_left);
  co_await running_.join();
}

}  // namespace gw::testing
