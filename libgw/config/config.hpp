// Every setting of the gateway as plain structs, the default values in place. Who reads a setting, reads it here;
// how it is spelled in a file, its bounds and its documentation stand in the describe files.
#pragma once

#include "core/units.hpp"
#include "core/watermarks.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace gw::config {

using std::chrono::microseconds;
using std::chrono::milliseconds;

using gw::watermarks;

/// So many in that time; more is refused.
using gw::rate;

/// An amount of memory: bytes, or a share of what the process may use (the cgroup's limit, else the machine's RAM).
struct memory_limit {
  std::size_t bytes = 0;  // 0 = `percent` counts
  std::size_t percent = 50;

  friend bool operator==(memory_limit const&, memory_limit const&) = default;
};

/// [listener.tls]
struct listener_tls {
  std::string cert = {};  // file with the chain, PEM; empty = plain text
  std::string key = {};   // file with the private key, PEM
  std::string min_version = "1.2";
  std::string client_ca = {};  // file, PEM; set = clients must show a certificate that it signed

  bool enabled() const noexcept { return !cert.empty(); }
};

enum class compression : std::uint8_t { off, on };

/// [[listener]]: where clients connect.
struct listener {
  std::string name = "public";
  std::string bind = "0.0.0.0:8080";                      // parse_bind() reads it
  std::vector<std::string> ws_paths = {"/ws", "/ws/**"};  // upgrades here are multiplexed
  std::vector<std::string> hosts = {};                    // empty = any
  std::vector<std::string> origins = {};                  // empty = same host only
  std::vector<std::string> subprotocols = {};
  std::vector<std::string> trusted_proxies = {};  // CIDRs that may set X-Forwarded-* and Forwarded
  std::size_t max_sessions = 0;                   // 0 = as many as descriptors allow
  std::size_t max_sessions_per_ip = 0;            // 0 = no limit
  milliseconds handshake_timeout{10'000};
  std::size_t header_limit = 16 * 1024;
  config::compression compression = config::compression::off;  // on = permessage-deflate for clients that offer it
  std::string sticky_cookie = {};  // its name; clients that bring none get one; empty = nobody does
  listener_tls tls = {};
};

enum class validation : std::uint8_t { routing, structure, grammar };
enum class leniency : std::uint8_t { automatic, off };

/// [url_rule]: how a text message names its service.
struct url_rule {
  bool enabled = true;
  std::string field = "/method";
  std::string pattern = "/api/v{version}/{service}/{path:**}";
  validation validate = validation::routing;
  leniency lenient = leniency::automatic;
};

/// How a text is compared. All that is set must hold; with nothing set the text needs only to exist.
struct text_test {
  std::optional<std::string> equals = {};
  std::optional<std::string> prefix = {};
  std::optional<std::string> regex = {};  // RE2, searched for; its named captures may be used by the rule
  std::optional<bool> exists = {};
};

/// A header, query parameter or cookie of the handshake, and what is asked of it.
struct named_test {
  std::string name = {};
  text_test value = {};
};

/// `when` of a rule: all that is set must hold.
struct condition {
  std::string field = {};           // JSON Pointer into the message; `value` is asked of it
  text_test value = {};             // equals, prefix, regex, exists
  std::string text = {};            // RE2, searched for in the raw text
  std::optional<bool> binary = {};  // the message's opcode
  std::string path = {};            // of the handshake; a pattern like listener.ws_paths
  std::vector<named_test> headers = {};
  std::vector<named_test> query = {};
  std::vector<named_test> cookies = {};
  std::string subprotocol = {};          // that was negotiated
  std::vector<std::string> client = {};  // CIDRs, one of which holds the client's address
  std::optional<text_test> user = {};    // the identity of the client (that of its certificate)
};

/// [[rule]]: asked in order where the URL rule has no answer (PRODUCT.md section 3.4).
struct rule {
  std::string id = {};
  condition when = {};        // empty = the default rule
  std::string service = {};   // may hold {captures}
  std::string instance = {};  // "host:port" of one instance; may hold {captures}; empty = the balancer chooses
  std::string key = {};  // what decides the instance by its hash; may hold {captures}; empty = the balancer chooses
};

/// [[route]]: a plain WebSocket, one client to one upstream.
struct route {
  std::string id = {};
  std::string on = "handshake";
  std::string uri = {};                      // lb://SERVICE
  std::vector<std::string> predicates = {};  // "Path=/chat/**", "Host=chat.example.com"; all must hold
  std::size_t order = 0;                     // smaller first; equal ones as they stand in the file
};

/// [session]: the client side.
struct session {
  milliseconds ping_interval{25'000};  // 0 = no pings
  milliseconds pong_timeout{10'000};
  std::size_t max_message = 1024 * 1024;
  watermarks queue{.high = 1024 * 1024, .low = 256 * 1024};
  milliseconds stall{15'000};            // queue.stall: nothing drained for so long: 4008
  std::size_t memory = 8 * 1024 * 1024;  // all queues of a session and its channels together
  rate bad_messages{20, milliseconds{10'000}};
  std::size_t max_channels = 16;
  milliseconds idle_timeout{0};  // 0 = none
  milliseconds max_life{0};      // 0 = none
};

/// What the client sees when a channel ends.
enum class on_close : std::uint8_t { tell, silent, close_client };

/// [channel]: the upstream side.
struct channel {
  milliseconds ping_interval{20'000};  // 0 = no pings
  milliseconds pong_timeout{10'000};
  milliseconds connect_timeout{3'000};
  milliseconds handshake_timeout{5'000};
  milliseconds open_timeout{8'000};  // all tries together
  std::size_t connect_retries = 2;
  std::size_t max_message = 16 * 1024 * 1024;
  std::size_t hold = 64 * 1024;  // upstream messages up to this size reach the client only when complete
  watermarks queue{.high = 512 * 1024, .low = 128 * 1024};
  milliseconds pause_limit{1'000};  // queue.pause_limit: longest pause of the session for this channel
  milliseconds idle_timeout{0};     // 0 = none
  config::on_close on_close = config::on_close::tell;
  std::vector<std::string> forward_headers = {"*"};
};

/// [balancer]: which instance gets a new channel.
struct balancer {
  std::string policy = "least_loaded";
  milliseconds slow_start{0};          // a new instance reaches its full share after this time; 0 = at once
  std::size_t eject_failures = 5;      // eject.failures, in a row
  milliseconds eject_for{30'000};      // eject.for: the first time; longer each further time
  std::size_t eject_max_percent = 50;  // eject.max_percent of the instances of a service
  std::size_t panic_percent = 50;      // with fewer healthy instances than that, health checks are not believed
};

/// What is known of an instance beside its address, such as its version.
using metadata = std::map<std::string, std::string, std::less<>>;

/// One address of a service as the operator wrote it; a host name may stand for several instances.
struct instance {
  std::string host;  // a name or an IP literal, IPv6 without brackets
  std::uint16_t port = 0;
  std::size_t weight = 1;
  std::string zone = {};
  config::metadata metadata = {};
  bool draining = false;  // gets no new channels; those it has go on

  friend bool operator==(instance const&, instance const&) = default;
};

/// [services.NAME.tls]
struct service_tls {
  bool enabled = false;
  bool verify = true;
  std::string ca = {};    // file, PEM; empty = the system's
  std::string cert = {};  // file with our chain for mutual TLS, PEM; empty = none
  std::string key = {};
};

/// [services.NAME.circuit]: no dials for a while when too many have failed.
struct circuit {
  std::size_t failure_rate = 0;  // in percent; 0 = never
  milliseconds window{10'000};
  std::size_t min_dials = 20;  // in the window, else there is no rate
  milliseconds open_for{5'000};

  bool enabled() const noexcept { return failure_rate != 0; }
};

/// [services.NAME.health]: how its instances are examined.
struct health_check {
  std::string http = {};  // GET this, 2xx is good
  bool tcp = false;       // connect (and shake hands, if the service speaks TLS)
  std::string ws = {};    // open a WebSocket there, and ping
  milliseconds interval{10'000};
  milliseconds timeout{2'000};
  std::size_t rise = 1;  // good checks in a row that make an instance healthy
  std::size_t fall = 2;  // failed ones in a row that make it unhealthy

  bool enabled() const noexcept { return tcp || !http.empty() || !ws.empty(); }
};

/// [services.NAME.canary]: some clients get the instances that others do not.
struct canary {
  metadata where = {};  // which instances; empty = no canary
  std::size_t percent = 5;
};

/// [services.NAME]
struct service {
  std::string name = {};
  std::vector<instance> instances = {};
  std::string path = {};           // empty = the client's path and query
  std::string host = {};           // Host header and SNI; empty = the instance as configured
  std::string discovery = {};      // the [discovery.NAME] that lists more of them; empty = none
  std::string service_id = {};     // how that one calls the service; empty = as we do
  std::string subprotocol = {};    // offered upstream; empty = none
  std::string balancer = {};       // overrides [balancer].policy; empty = that
  std::string hash_on = "client";  // what decides where a client belongs: client, header:X, cookie:X or query:X
  metadata only = {};              // instances that have all of this; empty = all
  std::size_t subset = 0;          // how many instances this gateway uses; 0 = all
  config::canary canary = {};
  rate rehome{0, milliseconds(60'000)};  // so many percent of its channels move to other instances; 0 = none
  milliseconds rehome_quiet{5'000};      // for so long nothing has passed on a channel that moves
  config::circuit circuit = {};
  health_check health = {};
  service_tls tls = {};
  config::channel channel = {};  // [channel] with this service's overrides applied
};

/// [discovery.NAME.tls]
struct discovery_tls {
  bool verify = true;
  std::string ca = {};  // file, PEM; empty = the system's
};

enum class dns_record : std::uint8_t { a, srv };

/// [discovery.NAME]: somebody to ask where services run. Which of the keys behind `required` a type takes, its row in
/// the table of discovery/kinds says; the others stay as they are here.
struct discovery {
  std::string name = {};
  std::string type = {};
  milliseconds refresh{30'000};            // between two questions, where the source does not tell by itself
  bool any_service = false;                // also services that no [services.NAME] names are routed to
  std::vector<std::string> allow = {"*"};  // of these the patterns of names that may be, `*` for any characters,
  std::vector<std::string> deny = {};      // and may not be
  std::vector<std::string> networks = {};  // CIDRs in which every address must lie; empty = any that is not special
  bool allow_empty = false;                // whether a list that lost all instances of a service is believed
  bool required = false;                   // not ready before its first answer
  std::string zone = {};                   // of instances that name none

  std::vector<std::string> urls = {};  // base URLs, tried in this order
  discovery_tls tls = {};              // of https
  milliseconds connect_timeout{3'000};
  milliseconds read_timeout{10'000};
  std::string path = {};  // file: a file, or a folder of them

  std::string domain = {};                // dns: what is asked for, with {service}
  dns_record record = dns_record::srv;    // dns
  std::size_t port = 0;                   // dns: of instances found by address; 0 = none given
  std::vector<std::string> servers = {};  // dns: name servers; empty = the system's

  std::string token_file = {};      // consul, kubernetes: read again for each request; empty = no token
  std::string datacenter = {};      // consul; empty = that of the agent
  std::string tag = {};             // consul: that an instance must have; empty = any
  std::string namespace_name = {};  // kubernetes (key `namespace`); empty = that of the pod
  std::string port_name = {};       // kubernetes: of several ports; empty = the first
  std::string label = {};           // kubernetes: a further selector; empty = none
  std::string prefix = {};          // etcd: of the keys

  bool registers = false;         // eureka (key `register`): whether the gateway itself is listed there
  std::string service_name = {};  // eureka: as what
  std::string advertise = {};     // eureka: at which host:port
};

/// [health]: a listener for probes only.
struct health {
  std::string bind = {};  // empty = only on the admin listener
};

/// [admin]
struct admin {
  std::string bind = "127.0.0.1:9900";  // empty = none
};

enum class log_level : std::uint8_t { trace, debug, info, warn, error };
enum class log_format : std::uint8_t { automatic, text, json };

/// [log]
struct log {
  log_level level = log_level::info;
  log_format format = log_format::automatic;  // automatic = text on a terminal, JSON otherwise
  std::string access = "stdout";              // stdout, off or the path of a file
};

/// [shutdown]
struct shutdown {
  milliseconds ready_delay{0};  // /readyz says 503 this long before the listeners close
  milliseconds drain{20'000};   // the Closes are spread over this time
};

/// A whole configuration. Services are in the order of their names.
struct config {
  std::size_t config_version = 1;
  std::vector<std::string> include = {};  // patterns of further files, as written; the loader has read those
  std::size_t workers = 0;                // 0 = one per core
  microseconds spin{0};                   // how long a worker looks for more before it sleeps; 0 = not at all
  memory_limit memory = {};
  std::string name = {};  // of this gateway, for its choice of a subset; empty = the host's
  std::string zone = {};  // where this gateway runs: instances of the same zone are preferred; empty = no preference
  std::vector<listener> listeners = {listener{}};
  gw::config::url_rule url_rule = {};
  std::vector<rule> rules = {};
  std::vector<route> routes = {};
  gw::config::session session = {};
  gw::config::channel channel = {};
  gw::config::balancer balancer = {};
  std::vector<service> services = {};
  std::vector<discovery> discoveries = {};  // in the order of their names
  gw::config::health health = {};
  gw::config::admin admin = {};
  gw::config::log log = {};
  gw::config::shutdown shutdown = {};
};

}  // namespace gw::config
