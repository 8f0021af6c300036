// The process as a whole, and what its operators see of it.
#include "config/describe.hpp"

#include "config/text_checks.hpp"
#include "config/types.hpp"

#include <algorithm>
#include <array>

namespace gw::config {
namespace {

using namespace std::chrono_literals;
using namespace types;

constexpr std::size_t MiB = 1024 * 1024;

std::string include_fault(std::string_view text) {
  return text.empty() ? "must be a file; write \"conf.d/*.toml\"" : "";
}

}  // namespace

section<config> const& top_section() {
  static section<config> const it{
      .name = "",
      .form = shape::top,
      .doc = "Keys at the top of the file.",
      .settings = {
          {"config_version", &config::config_version, count{1, 1}, "Version of this format."},
          {include_key, &config::include, texts{include_fault},
           "Further files, relative to this one and in the order of their names; what they say counts as later."},
          {"workers", &config::workers, count{0, 1024}, "Threads that move data; 0 = one per core."},
          {"spin", &config::spin, moment{0us, 10ms},
           "How long a worker looks for more after the last event before it sleeps: latency for CPU time; 0 = not at "
           "all."},
          {"memory", &config::memory, types::memory{64 * MiB},
           "What the process may use: a share of what the system lets it, or a size. Near it new sessions are "
           "refused."},
          {"zone", &config::zone, text{or_empty<name_fault>},
           "Where this gateway runs; instances of the same zone are preferred."},
      }};
  return it;
}

section<health> const& health_section() {
  static section<health> const it{
      .name = "health",
      .form = shape::table,
      .doc = "A listener for probes only: /healthz and /readyz.",
      .settings = {
          {"bind", &health::bind, text{or_empty<bind_fault>}, "Address; empty = only on the admin listener."},
      }};
  return it;
}

section<admin> const& admin_section() {
  static section<admin> const it{.name = "admin",
                                 .form = shape::table,
                                 .doc = "The listener for operators.",
                                 .settings = {
                                     {"bind", &admin::bind, text{or_empty<bind_fault>}, "Address; empty = none."},
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
          {"ready_delay", &shutdown::ready_delay, duration{0ms, 1h},
           "How long /readyz says 503 before the listeners close."},
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
      {"rules", "rule"},
      {"routes", "route"},
      {"headers", "header"},
      {"cookies", "cookie"},
      {"certificate", "cert"},
      {"threads", "workers"},
  });
  auto const at = std::find_if(customs.begin(), customs.end(), [&](custom const& c) { return c.word == word; });
  return at == customs.end() ? std::string_view() : at->key;
}

}  // namespace gw::config
