#include "config/describe.hpp"

#include "config/address.hpp"
#include "config/types.hpp"
#include "core/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace gw::config {
namespace {

using namespace std::chrono_literals;
using namespace types;

constexpr std::size_t KiB = 1024;
constexpr std::size_t MiB = 1024 * KiB;
constexpr std::size_t GiB = 1024 * MiB;

std::string bind_fault(std::string_view text) {
  auto const parsed = parse_bind(text);
  return parsed ? std::string() : parsed.error().context;
}

std::string optional_bind_fault(std::string_view text) {
  return text.empty() ? std::string() : bind_fault(text);
}

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

std::string path_fault(std::string_view text) {
  if (!text.starts_with('/')) return fmt::format("'{}' must begin with '/'", text);
  return is_printable(text) ? "" : "must not contain spaces, control or non-ASCII characters";
}

std::string optional_path_fault(std::string_view text) {
  return text.empty() ? std::string() : path_fault(text);
}

std::string field_fault(std::string_view text) {
  bool const top_level = text.size() > 1 && text.front() == '/' && text.find('/', 1) == text.npos;
  return top_level ? "" : fmt::format("'{}' must be a JSON Pointer to a member at top level; write \"/method\"", text);
}

std::string name_fault(std::string_view text) {
  return !text.empty() && is_printable(text) ? "" : "must be a word without spaces";
}

std::string host_fault(std::string_view text) {
  bool const bare = is_printable(text) && text.find('/') == text.npos;
  return bare ? "" : fmt::format("'{}' must be a host name; write \"example.com\"", text);
}

std::string required_host_fault(std::string_view text) {
  return text.empty() ? "must not be empty; write \"example.com\"" : host_fault(text);
}

std::string origin_fault(std::string_view text) {
  if (text == "*") return {};
  auto const scheme_end = text.find("://");
  bool const complete = is_printable(text) && scheme_end != text.npos && scheme_end > 0 &&
                        scheme_end + 3 < text.size() && text.find('/', scheme_end + 3) == text.npos;
  return complete ? "" : fmt::format("'{}' is not an origin; write \"https://app.example.com\" or \"*\"", text);
}

bool is_token(std::string_view text) {  // RFC 9110 section 5.6.2
  constexpr std::string_view others = "()<>@,;:\\\"/[]?={}";
  return !text.empty() && is_printable(text) && text.find_first_of(others) == text.npos;
}

std::string subprotocol_fault(std::string_view text) {
  return is_token(text) ? "" : fmt::format("'{}' is not a subprotocol; it is a token of RFC 9110", text);
}

std::string optional_subprotocol_fault(std::string_view text) {
  return text.empty() ? std::string() : subprotocol_fault(text);
}

std::string header_fault(std::string_view text) {
  auto const name = text.starts_with('!') ? text.substr(1) : text;
  return is_token(name) ? "" : fmt::format("'{}' is not a header; write \"*\", \"name\" or \"!name\"", text);
}

std::string access_fault(std::string_view text) {
  return text.empty() ? "write \"stdout\", \"off\" or a file" : "";
}

auto queue_part(std::size_t watermarks::*part) {
  return [part](auto& owner) -> auto& {
    return owner.queue.*part;
  };
}

void check_queue(watermarks const& queue, complain const& report) {
  if (queue.low < queue.high) return;
  report({"queue.low", "queue.high"},
         fmt::format("low ({}) must be below high ({})", size_text(queue.low), size_text(queue.high)));
}

}  // namespace

section<config> const& top_section() {
  static section<config> const it{
      .name = "",
      .form = shape::top,
      .doc = "Keys at the top of the file.",
      .settings = {
          {"config_version", &config::config_version, count{1, 1}, "Version of this format."},
          {"workers", &config::workers, count{0, 1024}, "Threads that move data; 0 = one per core."},
      }};
  return it;
}

section<listener> const& listener_section() {
  static section<listener> const it{
      .name = "listener",
      .form = shape::list,
      .doc = "Where clients connect. Without any, there is one with these defaults.",
      .settings = {
          {"name", &listener::name, text{name_fault}, "Name in logs and metrics; unique."},
          {"bind", &listener::bind, text{bind_fault},
           "Address: `ip:port`, `[ipv6]:port` or `unix:/path`; port 0 = any free one."},
          {"ws_paths", &listener::ws_paths, texts{path_fault},
           "Paths on which an upgrade opens a session; `/**` at the end matches everything below."},
          {"hosts", &listener::hosts, texts{required_host_fault}, "Accepted Host headers; empty = any."},
          {"origins", &listener::origins, texts{origin_fault},
           "Accepted Origin headers; empty = the same host only, `*` = any."},
          {"subprotocols", &listener::subprotocols, texts{subprotocol_fault},
           "Subprotocols a client may negotiate beside `wsgw.v1`."},
          {"max_sessions", &listener::max_sessions, count{0, 10'000'000},
           "Sessions at a time; 0 = (descriptor limit - 64) / 2."},
          {"handshake_timeout", &listener::handshake_timeout, duration{1ms, 5min},
           "Time from the connection to a complete request head."},
          {"header_limit", &listener::header_limit, size{1 * KiB, 1 * MiB}, "Largest request head."},
      }};
  return it;
}

section<url_rule> const& url_rule_section() {
  static section<url_rule> const it{
      .name = "url_rule",
      .form = shape::table,
      .doc = "How a text message names the service it is for.",
      .settings = {
          {"enabled", &url_rule::enabled, flag{}, "Whether messages are routed by their routing key."},
          {"field", &url_rule::field, text{field_fault}, "JSON Pointer to the routing key, at top level."},
          {"pattern", &url_rule::pattern, text{path_fault},
           "What the routing key must match; the capture `{service}` names the service."},
          {"validate", &url_rule::validate,
           choice<validation>{{{"routing", validation::routing},
                               {"structure", validation::structure},
                               {"grammar", validation::grammar}}},
           "How much of a message is checked before it is forwarded."},
          {"lenient", &url_rule::lenient, choice<leniency>{{{"auto", leniency::automatic}, {"off", leniency::off}}},
           "Whether a message whose first key opens with a single quote is read leniently."},
      }};
  return it;
}

section<session> const& session_section() {
  static section<session> const it{
      .name = "session",
      .form = shape::table,
      .doc = "The client side.",
      .settings =
          {
              {"max_message", &session::max_message, size{128, 1 * GiB}, "Largest message of a client; beyond: 1009."},
              {"queue.high", queue_part(&watermarks::high), size{1 * KiB, 1 * GiB},
               "Bytes waiting for the client above which its channels are no longer read."},
              {"queue.low", queue_part(&watermarks::low), size{1, 1 * GiB},
               "Bytes waiting for the client at which its channels are read again."},
              {"max_channels", &session::max_channels, count{1, 1024},
               "Channels of one session; beyond: CHANNEL_LIMIT."},
          },
      .check = [](session const& s, complain const& report) { check_queue(s.queue, report); }};
  return it;
}

section<channel> const& channel_section() {
  static section<channel> const it{
      .name = "channel",
      .form = shape::table,
      .doc = "The upstream side. Every key may be repeated in [services.NAME] for that service alone.",
      .settings =
          {
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
              {"queue.high", queue_part(&watermarks::high), size{1 * KiB, 1 * GiB},
               "Bytes waiting for the upstream above which the session is no longer read."},
              {"queue.low", queue_part(&watermarks::low), size{1, 1 * GiB},
               "Bytes waiting for the upstream at which the session is read again."},
              {"on_close", &channel::on_close,
               choice<gw::config::on_close>{{{"tell", gw::config::on_close::tell},
                                             {"silent", gw::config::on_close::silent},
                                             {"close-client", gw::config::on_close::close_client}}},
               "What the client sees when the channel ends."},
              {"forward_headers", &channel::forward_headers, texts{header_fault},
               "Headers of the client's handshake that upstreams get: `*`, `name`, or `!name` to leave one out."},
          },
      .check = [](channel const& c, complain const& report) { check_queue(c.queue, report); }};
  return it;
}

section<balancer> const& balancer_section() {
  static section<balancer> const it{.name = "balancer",
                                    .form = shape::table,
                                    .doc = "Which instance gets a new channel.",
                                    .settings = {
                                        {"policy", &balancer::policy, text{name_fault},
                                         "`least_loaded`: fewest channels for its weight, over all workers."},
                                    }};
  return it;
}

section<service> const& service_section() {
  static section<service> const it = [] {
    section<service> s{.name = "services",
                       .form = shape::named,
                       .doc = "A service that messages may be routed to, by its name.",
                       .settings =
                           {
                               {"instances", &service::instances, types::instances{},
                                "Where it runs; a host name stands for all its addresses."},
                               {"path", &service::path, text{optional_path_fault},
                                "Path and query of the upstream handshake; empty = the client's."},
                               {"host", &service::host, text{host_fault},
                                "Host header and TLS server name; empty = the instance as configured."},
                               {"subprotocol", &service::subprotocol, text{optional_subprotocol_fault},
                                "Subprotocol offered upstream; empty = none."},
                           },
                       .check = [](service const& one, complain const& report) {
                         if (one.instances.empty()) report({"instances"}, "missing; write instances = [\"host:port\"]");
                         channel_section().check(one.channel, report);
                       }};
    for (auto const& key : channel_section().settings) s.settings.emplace_back(key, &service::channel);
    return s;
  }();
  return it;
}

section<health> const& health_section() {
  static section<health> const it{
      .name = "health",
      .form = shape::table,
      .doc = "A listener for probes only: /healthz and /readyz.",
      .settings = {
          {"bind", &health::bind, text{optional_bind_fault}, "Address; empty = only on the admin listener."},
      }};
  return it;
}

section<admin> const& admin_section() {
  static section<admin> const it{.name = "admin",
                                 .form = shape::table,
                                 .doc = "The listener for operators.",
                                 .settings = {
                                     {"bind", &admin::bind, text{optional_bind_fault}, "Address; empty = none."},
                                 }};
  return it;
}

section<log> const& log_section() {
  static section<log> const it{
      .name = "log",
      .form = shape::table,
      .doc = "What is logged, and where.",
      .settings = {
          {"level", &log::level,
           choice<log_level>{{{"trace", log_level::trace},
                              {"debug", log_level::debug},
                              {"info", log_level::info},
                              {"warn", log_level::warn},
                              {"error", log_level::error}}},
           "Least important level that is logged."},
          {"format", &log::format,
           choice<log_format>{
               {{"auto", log_format::automatic}, {"text", log_format::text}, {"json", log_format::json}}},
           "Form of the log on stderr; auto = text on a terminal, else json."},
          {"access", &log::access, text{access_fault}, "Access log: `stdout`, `off` or the path of a file."},
      }};
  return it;
}

section<shutdown> const& shutdown_section() {
  static section<shutdown> const it{
      .name = "shutdown",
      .form = shape::table,
      .doc = "How the gateway leaves.",
      .settings = {
          {"drain", &shutdown::drain, duration{0ms, 1h}, "Time over which sessions are closed after SIGTERM."},
      }};
  return it;
}

std::string_view customary_key(std::string_view word) {
  struct custom {
    std::string_view word, key;
  };
  static constexpr auto customs = std::to_array<custom>({
      {"adress", "bind"},
      {"address", "bind"},
      {"listen", "bind"},
      {"port", "bind"},
      {"addresses", "instances"},
      {"upstreams", "instances"},
      {"servers", "instances"},
      {"retries", "connect_retries"},
      {"timeout", "connect_timeout"},
      {"service", "services"},
      {"listeners", "listener"},
      {"threads", "workers"},
  });
  auto const at = std::find_if(customs.begin(), customs.end(), [&](custom const& c) { return c.word == word; });
  return at == customs.end() ? std::string_view() : at->key;
}

}  // namespace gw::config
