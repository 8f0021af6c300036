// Every setting of the gateway as plain structs, the default values in place. Who reads a setting, reads it here;
// how it is spelled in a file, its bounds and its documentation stand in describe.cpp.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace gw::config {

using std::chrono::milliseconds;

/// Bounds of a queue in bytes: above `high` whatever feeds it is no longer read, until it has fallen to `low`.
struct watermarks {
  std::size_t high = 0;
  std::size_t low = 0;
};

/// [[listener]]: where clients connect.
struct listener {
  std::string name = "public";
  std::string bind = "0.0.0.0:8080";                      // parse_bind() reads it
  std::vector<std::string> ws_paths = {"/ws", "/ws/**"};  // upgrades here are multiplexed
  std::vector<std::string> hosts = {};                    // empty = any
  std::vector<std::string> origins = {};                  // empty = same host only
  std::vector<std::string> subprotocols = {};
  std::size_t max_sessions = 0;  // 0 = as many as descriptors allow
  milliseconds handshake_timeout{10'000};
  std::size_t header_limit = 16 * 1024;
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

/// [session]: the client side.
struct session {
  std::size_t max_message = 1024 * 1024;
  watermarks queue{.high = 1024 * 1024, .low = 256 * 1024};
  std::size_t max_channels = 16;
};

/// What the client sees when a channel ends.
enum class on_close : std::uint8_t { tell, silent, close_client };

/// [channel]: the upstream side.
struct channel {
  milliseconds connect_timeout{3'000};
  milliseconds handshake_timeout{5'000};
  milliseconds open_timeout{8'000};  // all tries together
  std::size_t connect_retries = 2;
  std::size_t max_message = 16 * 1024 * 1024;
  std::size_t hold = 64 * 1024;  // upstream messages up to this size reach the client only when complete
  watermarks queue{.high = 512 * 1024, .low = 128 * 1024};
  config::on_close on_close = config::on_close::tell;
  std::vector<std::string> forward_headers = {"*"};
};

/// [balancer]: which instance gets a new channel.
struct balancer {
  std::string policy = "least_loaded";
};

/// One address of a service as the operator wrote it; a host name may stand for several instances.
struct instance {
  std::string host;  // a name or an IP literal, IPv6 without brackets
  std::uint16_t port = 0;
  std::size_t weight = 1;
  std::string zone = {};

  friend bool operator==(instance const&, instance const&) = default;
};

/// [services.NAME]
struct service {
  std::string name = {};
  std::vector<instance> instances = {};
  std::string path = {};         // empty = the client's path and query
  std::string host = {};         // Host header and SNI; empty = the instance as configured
  std::string subprotocol = {};  // offered upstream; empty = none
  config::channel channel = {};  // [channel] with this service's overrides applied
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
  milliseconds drain{20'000};
};

/// A whole configuration. Services are in the order of their names.
struct config {
  std::size_t config_version = 1;
  std::size_t workers = 0;  // 0 = one per core
  std::vector<listener> listeners = {listener{}};
  gw::config::url_rule url_rule = {};
  gw::config::session session = {};
  gw::config::channel channel = {};
  gw::config::balancer balancer = {};
  std::vector<service> services = {};
  gw::config::health health = {};
  gw::config::admin admin = {};
  gw::config::log log = {};
  gw::config::shutdown shutdown = {};
};

}  // namespace gw::config
