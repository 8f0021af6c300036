// The two sides of a session, and the services that its channels lead to.
#include "config/describe.hpp"
#include "config/text_checks.hpp"
#include "config/types.hpp"
#include "core/units.hpp"

#include <fmt/format.h>

#include <string_view>

namespace gw::config {
namespace {

using namespace std::chrono_literals;
using namespace types;

constexpr std::size_t KiB = 1024;
constexpr std::size_t MiB = 1024 * KiB;
constexpr std::size_t GiB = 1024 * MiB;
constexpr milliseconds month = 30 * 24h;

void check_queue(watermarks const& queue, complain const& report) {
  if (queue.low < queue.high) return;
  report({"queue.low", "queue.high"},
         fmt::format("low ({}) must be below high ({})", size_text(queue.low), size_text(queue.high)));
}

/// Of a session or a channel.
template <class Owner>
void check_pings(Owner const& owner, complain const& report) {
  if (owner.pong_timeout != 0ms || owner.ping_interval == 0ms) return;
  report({"pong_timeout", "ping_interval"},
         "0 leaves no time for a pong; write \"10s\", or ping_interval = \"0\" for no pings");
}

void check_channel(channel const& c, complain const& report) {
  check_queue(c.queue, report);
  check_pings(c, report);
}

void check_service(service const& s, complain const& report) {
  if (s.instances.empty() && s.discovery.empty()) {
    report({"instances", "discovery"}, "missing; write instances = [\"host:port\"], or discovery = \"NAME\"");
  }
  if (!s.service_id.empty() && s.discovery.empty()) {
    report({"service_id", "discovery"}, "has no effect without discovery");
  }
  if (!s.tls.cert.empty() && s.tls.key.empty()) {
    report({"tls.key", "tls.cert"}, "missing; a certificate needs its private key");
  }
  if (s.tls.cert.empty() && !s.tls.key.empty()) {
    report({"tls.cert", "tls.key"}, "missing; a private key needs its certificate");
  }
  auto const kinds = (s.health.http.empty() ? 0 : 1) + (s.health.tcp ? 1 : 0) + (s.health.ws.empty() ? 0 : 1);
  if (kinds > 1) report({"health.http", "health.ws", "health.tcp"}, "one check is enough; leave http, ws or tcp");
  if (s.rehome.count != 0 && s.channel.on_close == on_close::close_client) {
    report({"rehome", "on_close"}, "would end clients whose channels move; leave it, or on_close = \"close-client\"");
  }
  check_channel(s.channel, report);
}

/// Which of its instances serve whom.
void add_choice(std::vector<setting<service>>& to) {
  to.insert(to.end(),
            {{"hash_on", &service::hash_on, text{hash_on_fault},
              "What consistent_hash and canary go by: `client` (its address), `header:NAME`, `cookie:NAME` or "
              "`query:NAME` of "
              "its handshake."},
             {"only", &service::only, labels{}, "Metadata that an instance must have to be used; empty = all are."},
             {"subset", &service::subset, count{0, 10'000},
              "How many instances this gateway uses, the same ones as long as they are there; 0 = all."},
             {"canary.where", part_of(&service::canary, &canary::where), labels{},
              "Metadata of the instances that serve some clients only; empty = none."},
             {"canary.percent", part_of(&service::canary, &canary::percent), count{0, 100},
              "How many clients in a hundred they serve: those that hash_on says, always the same."}});
}

/// Whether open channels follow when instances come and go.
void add_moves(std::vector<setting<service>>& to) {
  to.insert(
      to.end(),
      {{"rehome", &service::rehome, share_rate{10'000},
        "How many channels in a hundred move to instances that have fewer, or away from those that drain or have "
        "left, while nothing passes on them; 0%/m = none: channels stay where they are. A service that keeps what "
        "belongs to a connection must not ask for it."},
       {"rehome_quiet", &service::rehome_quiet, duration{100ms, 24h},
        "For how long nothing has passed on a channel that moves. Longer than the slowest answer takes: what an "
        "instance says behind its own Close is lost."}});
}

/// What is done about instances that fail.
void add_watch(std::vector<setting<service>>& to) {
  to.insert(to.end(), {{"circuit.failure_rate", part_of(&service::circuit, &circuit::failure_rate), percentage{},
                        "Share of failed dials at which a worker stops to dial for a while: CIRCUIT_OPEN; 0% = never."},
                       {"circuit.window", part_of(&service::circuit, &circuit::window), duration{100ms, 1h},
                        "The time over which dials are counted."},
                       {"circuit.min_dials", part_of(&service::circuit, &circuit::min_dials), count{1, 1'000'000},
                        "Fewer dials in that time say nothing."},
                       {"circuit.open_for", part_of(&service::circuit, &circuit::open_for), duration{1ms, 1h},
                        "For how long; then one dial a second, until one succeeds."},
                       {"health.http", part_of(&service::health, &health_check::http), text{or_empty<path_fault>},
                        "Examine each instance by a GET of this path: 2xx is good; empty = not so."},
                       {"health.tcp", part_of(&service::health, &health_check::tcp), flag{},
                        "Examine each instance by connecting to it (and by a TLS handshake, if it speaks TLS)."},
                       {"health.ws", part_of(&service::health, &health_check::ws), text{or_empty<path_fault>},
                        "Examine each instance by a WebSocket at this path that answers a ping; empty = not so."},
                       {"health.interval", part_of(&service::health, &health_check::interval), duration{100ms, 1h},
                        "Time between two checks of an instance."},
                       {"health.timeout", part_of(&service::health, &health_check::timeout), duration{10ms, 5min},
                        "Longest time that a check takes; beyond, it has failed."},
                       {"health.rise", part_of(&service::health, &health_check::rise), count{1, 100},
                        "Good checks in a row that make an instance healthy."},
                       {"health.fall", part_of(&service::health, &health_check::fall), count{1, 100},
                        "Failed checks in a row that make it unhealthy: it gets no new channels."}});
}

}  // namespace

section<session> const& session_section() {
  static section<session> const it{
      .name = "session",
      .form = shape::table,
      .doc = "The client side.",
      .settings =
          {
              {"ping_interval", &session::ping_interval, duration{0ms, 24h},
               "Time between two pings to a client; 0 = no pings."},
              {"pong_timeout", &session::pong_timeout, duration{0ms, 1h},
               "Time to show life after a ping; beyond: 3008."},
              {"max_message", &session::max_message, size{128, 1 * GiB}, "Largest message of a client; beyond: 1009."},
              {"queue.high", part_of(&session::queue, &watermarks::high), size{1 * KiB, 1 * GiB},
               "Bytes waiting for the client above which its channels are no longer read."},
              {"queue.low", part_of(&session::queue, &watermarks::low), size{1, 1 * GiB},
               "Bytes waiting for the client at which its channels are read again."},
              {"queue.stall", &session::stall, duration{1ms, 1h},
               "Longest time in which a client with a full queue takes nothing; beyond: 4008."},
              {"memory", &session::memory, size{64 * KiB, 4 * GiB},
               "Bytes in all queues of a session and its channels; beyond, the fullest stuck channel is ended."},
              {"bad_messages", &session::bad_messages, types::rate{1'000'000},
               "Messages of a client that may be refused as its fault; beyond: 1008."},
              {"max_channels", &session::max_channels, count{1, 1024},
               "Channels of one session; beyond: CHANNEL_LIMIT."},
              {"idle_timeout", &session::idle_timeout, duration{0ms, month},
               "Longest time without a message either way; 0 = no limit."},
              {"max_life", &session::max_life, duration{0ms, month}, "Longest life of a session; 0 = no limit."},
          },
      .check = [](session const& s, complain const& report) {
        check_queue(s.queue, report);
        check_pings(s, report);
      }};
  return it;
}

section<channel> const& channel_section() {
  static section<channel> const it{
      .name = "channel",
      .form = shape::table,
      .doc = "The upstream side. Every key may be repeated in [services.NAME] for that service alone.",
      .settings =
          {
              {"ping_interval", &channel::ping_interval, duration{0ms, 24h},
               "Time between two pings to an upstream; 0 = no pings."},
              {"pong_timeout", &channel::pong_timeout, duration{0ms, 1h},
               "Time to show life after a ping; beyond, the channel is dead."},
              {"connect_timeout", &channel::connect_timeout, duration{1ms, 5min}, "Time for one TCP connection."},
              {"handshake_timeout", &channel::handshake_timeout, duration{1ms, 5min},
               "Time for one upstream WebSocket handshake."},
              {"open_timeout", &channel::open_timeout, duration{1ms, 10min}, "Time for all tries together."},
              {"connect_retries", &channel::connect_retries, count{0, 16},
               "Further instances to try when one cannot be reached."},
              {"max_message", &channel::max_message, size{128, 1 * GiB},
               "Largest message of an upstream; beyond: UPSTREAM_TOO_BIG."},
              {"hold", &channel::hold, size{0, 16 * MiB},
               "Upstream messages up to this size are sent to the client only when complete."},
              {"queue.high", part_of(&channel::queue, &watermarks::high), size{1 * KiB, 1 * GiB},
               "Bytes waiting for the upstream above which the session is no longer read."},
              {"queue.low", part_of(&channel::queue, &watermarks::low), size{1, 1 * GiB},
               "Bytes waiting for the upstream at which the session is read again."},
              {"queue.pause_limit", &channel::pause_limit, duration{1ms, 1h},
               "Longest pause of a session for this channel; beyond: QUEUE_FULL."},
              {"idle_timeout", &channel::idle_timeout, duration{0ms, month},
               "Longest time without a message either way; 0 = no limit."},
              {"on_close", &channel::on_close,
               choice<gw::config::on_close>{{{"tell", gw::config::on_close::tell},
                                             {"silent", gw::config::on_close::silent},
                                             {"close-client", gw::config::on_close::close_client}}},
               "What the client sees when the channel ends."},
              {"forward_headers", &channel::forward_headers, texts{header_fault},
               "Headers of the client's handshake that upstreams get: `*`, `name`, or `!name` to leave one out."},
          },
      .check = check_channel};
  return it;
}

section<balancer> const& balancer_section() {
  static section<balancer> const it{
      .name = "balancer",
      .form = shape::table,
      .doc = "Which instance gets a new channel.",
      .settings = {
          {"policy", &balancer::policy, policy{}, "How an instance is chosen."},
          {"slow_start", &balancer::slow_start, duration{0ms, 1h},
           "Time in which a new instance reaches its full share; 0 = at once."},
          {"eject.failures", &balancer::eject_failures, count{1, 1000},
           "Failures in a row after which an instance gets no new channels for a while."},
          {"eject.for", &balancer::eject_for, duration{1ms, 24h},
           "For how long the first time; longer each further time."},
          {"eject.max_percent", &balancer::eject_max_percent, count{0, 100},
           "Largest share of a service's instances that is left out at a time, in percent."},
          {"panic_percent", &balancer::panic_percent, count{0, 100},
           "With a smaller share of healthy instances than this, health checks are not believed."},
      }};
  return it;
}

section<service> const& service_section() {
  static section<service> const it = [] {
    section<service> s{
        .name = "services",
        .form = shape::named,
        .doc = "A service that messages may be routed to, by its name.",
        .settings =
            {
                {"instances", &service::instances, types::instances{},
                 "Where it runs; a host name stands for all its addresses.", R"(["127.0.0.1:9001"])"},
                {"discovery", &service::discovery, text{or_empty<name_fault>},
                 "The [discovery.NAME] that lists its instances, beside those above; empty = none."},
                {"service_id", &service::service_id, text{or_empty<name_fault>},
                 "What the service is called there; empty = as here."},
                {"path", &service::path, text{or_empty<path_fault>},
                 "Path and query of the upstream handshake; empty = the client's."},
                {"host", &service::host, text{host_fault},
                 "Host header and TLS server name; empty = the instance as configured."},
                {"subprotocol", &service::subprotocol, text{or_empty<subprotocol_fault>},
                 "Subprotocol offered upstream; empty = none."},
                {"balancer", &service::balancer, policy{.may_be_empty = true},
                 "Policy for this service; empty = that of [balancer]."},
                {"tls.enabled", part_of(&service::tls, &service_tls::enabled), flag{},
                 "Whether its instances speak TLS."},
                {"tls.verify", part_of(&service::tls, &service_tls::verify), flag{},
                 "Whether the certificate and host name of an instance are checked."},
                {"tls.ca", part_of(&service::tls, &service_tls::ca), text{},
                 "Who may have issued them, a PEM file; empty = the system's."},
                {"tls.cert", part_of(&service::tls, &service_tls::cert), text{},
                 "Certificate of the gateway with its chain, a PEM file; empty = none."},
                {"tls.key", part_of(&service::tls, &service_tls::key), text{}, "Its private key, a PEM file."},
            },
        .check = check_service};
    add_choice(s.settings);
    add_moves(s.settings);
    add_watch(s.settings);
    for (auto const& key : channel_section().settings) s.settings.emplace_back(key, &service::channel);
    return s;
  }();
  return it;
}

}  // namespace gw::config
