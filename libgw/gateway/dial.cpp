#include "gateway/dial.hpp"

#include "core/log.hpp"
#include "gateway/worker.hpp"
#include "net/beast_judge.hpp"
#include "net/http_io.hpp"
#include "wire/header_rules.hpp"
#include "wire/strict_head.hpp"
#include "wire/target.hpp"
#include "wire/upgrade.hpp"

#include <algorithm>
#include <vector>

namespace gw::gateway {
namespace {

// An upstream that answers with more header than this is not one of ours (RELIABILITY E5).
constexpr std::size_t response_limit = 16 * 1024;
// RFC 9110 section 15.2: interim answers may precede the final one. More of them than this have no end.
constexpr int max_interim_answers = 4;

/// The HTTP status of a refused handshake, as the cause of its error.
class http_status_category final : public std::error_category {
 public:
  char const* name() const noexcept override { return "http"; }
  std::string message(int status) const override { return "HTTP status " + std::to_string(status); }
};

std::error_code http_status(int status) {
  static http_status_category const category;
  return {status, category};
}

std::string name_of(cluster::instance const& i) {
  return i.configured.host + ":" + std::to_string(i.configured.port);
}

/// One try at one instance.
struct attempt {
  worker& on;
  config::service const& settings;
  wire::forward_rules const& rules;
  client_facts const& client;
  cluster::instance const& target;
  duration time_left;
  net::stream& upstream;
};

error upstream_error(errc code, attempt const& a, std::string what, std::error_code cause = {}) {
  // Clients are shown this: it names the service, never the address of an instance (the log has that).
  return {code, side::upstream, "'" + a.settings.name + "' " + std::move(what), cause};
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
                                             {.client_ip = a.client.address,
                                              .proto = "http",
                                              .request_id = a.client.request_id,
                                              .traceparent = a.client.traceparent});
  auto const host = a.settings.host.empty() ? name_of(a.target) : a.settings.host;
  return wire::make_upgrade_request(path_and_query(a, *head), host, key, protocols, fields);
}

net::awaitable<result<>> connect(attempt a) {
  auto const address = net::address::of_ip(a.target.ip, a.target.configured.port);
  if (!address) co_return address.error();
  auto const limit = std::min<duration>(a.settings.channel.connect_timeout, a.time_left);
  net::deadline deadline(a.on.loop(), a.upstream, limit);
  auto connected = co_await a.upstream.connect(*address);
  if (connected) co_return connected;
  if (deadline.passed()) co_return upstream_error(errc::connect_timeout, a, "did not accept in time");
  if (connected.error().code == errc::closed) co_return connected.error();
  co_return upstream_error(errc::connect_failed, a, "cannot be reached", connected.error().cause);
}

result<> judge_answer(attempt const& a, std::string_view raw, std::string const& key,
                      std::vector<std::string> const& protocols) {
  auto const head = wire::judge_response(raw);
  if (!head || !net::beast_agrees_response(raw)) {
    return upstream_error(errc::handshake_rejected, a, "answered with a malformed HTTP head");
  }
  if (head->status != 101) {
    return upstream_error(errc::handshake_rejected, a, "refused the handshake", http_status(head->status));
  }
  if (auto const judged = wire::judge_upgrade_response(*head, wire::accept_key(key), protocols); !judged) {
    return upstream_error(errc::handshake_rejected, a,
                          "answered with a bad handshake: " + std::string(judged.error().why));
  }
  return {};
}

bool is_interim(std::string_view raw) {
  auto const head = wire::judge_response(raw);
  return head && head->status < 200 && head->status != 101;
}

/// Reads the final answer's head, or the interim one that is one too many.
net::awaitable<result<>> read_answer(net::stream& upstream, net::received_head& received) {
  for (int interim = 0;; ++interim) {
    auto const read = co_await net::read_head(upstream, received, response_limit);
    if (!read || interim == max_interim_answers || !is_interim(received.head())) co_return read;
    received = {.bytes = received.rest()};
  }
}

net::awaitable<result<std::string>> shake_hands(attempt a) {
  std::vector<std::string> protocols;
  if (!a.settings.subprotocol.empty()) protocols.push_back(a.settings.subprotocol);
  auto const key = wire::make_key();
  auto const request = handshake_of(a, key, protocols);
  if (request.empty()) co_return upstream_error(errc::internal, a, "cannot be asked: a header cannot be written");

  auto const limit = std::min<duration>(a.settings.channel.handshake_timeout, a.time_left);
  net::deadline deadline(a.on.loop(), a.upstream, limit);
  net::received_head received;
  auto done = co_await a.upstream.write(request);
  if (done) done = co_await read_answer(a.upstream, received);
  if (!done) {
    if (deadline.passed()) co_return upstream_error(errc::connect_timeout, a, "did not answer the handshake in time");
    if (!a.upstream.is_open()) co_return done.error();
    co_return upstream_error(errc::handshake_rejected, a, "did not answer the handshake", done.error().cause);
  }
  auto const judged = judge_answer(a, received.head(), key, protocols);
  if (!judged) co_return judged.error();
  co_return received.rest();
}

/// Would another instance answer otherwise? Not if this one understood us and said no.
bool worth_another(error const& e) {
  return e.code != errc::handshake_rejected || !e.cause || e.cause.value() >= 500 || e.cause.value() < 400;
}

}  // namespace

net::awaitable<result<dialled>> dial(worker& on, std::uint32_t service, client_facts const& client,
                                     net::stream*& current) {
  auto const& settings = on.settings().services[service];
  auto& pool = on.pool_of(service);
  auto& counts = on.stats().of_service[service];
  auto& wheel = on.loop().wheel;
  auto const give_up_at = wheel.now() + settings.channel.open_timeout;
  std::vector<cluster::instance_id> tried;
  error last{errc::no_instance, side::upstream, "no healthy instance of '" + settings.name + "'", {}};

  while (tried.size() <= settings.channel.connect_retries && wheel.now() < give_up_at) {
    auto const chosen = pool.choose(tried, 0, wheel.now());
    if (!chosen) break;
    // A copy: a new snapshot may come while we wait.
    cluster::instance const target = pool.instances()[*chosen];
    lease counted(target.load, on.index());
    net::stream upstream(on.loop());
    current = &upstream;
    attempt const a{on, settings, on.forwarding_of(service), client, target, give_up_at - wheel.now(), upstream};
    auto connected = co_await connect(a);
    result<std::string> rest = std::string();
    if (connected) {
      rest = co_await shake_hands(a);
    } else {
      rest = connected.error();
    }
    current = nullptr;
    if (rest) {
      pool.succeeded(target.id);
      counts.connects.add();
      co_return dialled{upstream.release(), std::move(*rest), std::move(counted)};
    }
    last = rest.error();
    if (last.code == errc::closed) co_return last;  // torn down
    counts.connect_failures.add();
    log::event(
        log::level::warning, "dial_failed",
        {{"conn", client.conn}, {"service", settings.name}, {"instance", name_of(target)}, {"err", describe(last)}});
    if (!worth_another(last)) {
      pool.succeeded(target.id);  // it answered
      break;
    }
    pool.failed(target.id, wheel.now());
    tried.push_back(target.id);
  }
  co_return last;
}

}  // namespace gw::gateway
