// Where clients connect.
#include "config/describe.hpp"
#include "config/text_checks.hpp"
#include "config/types.hpp"

#include <string_view>

namespace gw::config {
namespace {

using namespace std::chrono_literals;
using namespace types;

constexpr std::size_t KiB = 1024;
constexpr std::size_t MiB = 1024 * KiB;

void check_tls(listener const& l, complain const& report) {
  if (!l.tls.cert.empty() && l.tls.key.empty()) {
    report({"tls.key", "tls.cert"}, "missing; a certificate needs its private key");
  }
  if (l.tls.cert.empty() && !l.tls.key.empty()) {
    report({"tls.cert", "tls.key"}, "missing; a private key needs its certificate");
  }
  if (l.tls.cert.empty() && !l.tls.client_ca.empty()) {
    report({"tls.client_ca"}, "has no effect without tls.cert and tls.key");
  }
}

}  // namespace

section<listener> const& listener_section() {
  static section<listener> const it{
      .name = "listener",
      .form = shape::list,
      .doc = "Where clients connect. Without any, there is one with these defaults.",
      .settings =
          {
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
              {"trusted_proxies", &listener::trusted_proxies, texts{cidr_fault},
               "Networks whose X-Forwarded-* and Forwarded headers are believed, as CIDR."},
              {"max_sessions", &listener::max_sessions, count{0, 10'000'000},
               "Sessions at a time; 0 = (descriptor limit - 64) / 2."},
              {"max_sessions_per_ip", &listener::max_sessions_per_ip, count{0, 10'000'000},
               "Sessions at a time from one address; 0 = no limit."},
              {"handshake_timeout", &listener::handshake_timeout, duration{1ms, 5min},
               "Time from the connection to a complete request head."},
              {"header_limit", &listener::header_limit, size{1 * KiB, 1 * MiB}, "Largest request head."},
              {"compression", &listener::compression,
               choice<gw::config::compression>{
                   {{"off", gw::config::compression::off}, {"on", gw::config::compression::on}}},
               "on = permessage-deflate for clients that offer it, without context takeover."},
              {"sticky_cookie", &listener::sticky_cookie, text{or_empty<cookie_name_fault>},
               "Name of a cookie that clients get with the 101 if they bring none, for services with `hash_on = "
               "\"cookie:NAME\"`: a browser comes back to where it was; empty = none."},
              {"tls.cert", part_of(&listener::tls, &listener_tls::cert), text{},
               "Certificate with its chain, a PEM file; empty = plain text."},
              {"tls.key", part_of(&listener::tls, &listener_tls::key), text{}, "Its private key, a PEM file."},
              {"tls.min_version", part_of(&listener::tls, &listener_tls::min_version), text{tls_version_fault},
               "Oldest TLS version that is spoken: 1.2 or 1.3."},
              {"tls.client_ca", part_of(&listener::tls, &listener_tls::client_ca), text{},
               "PEM file; set = clients must show a certificate that one of these issued."},
          },
      .check = check_tls};
  return it;
}

}  // namespace gw::config
