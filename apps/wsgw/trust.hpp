// The flags by which a client says whom it trusts. Shared by `wsgw client` and `wsgw bench`.
#pragma once

#include "tools/websocket_client.hpp"

#include <CLI/CLI.hpp>

namespace wsgw {

inline void add_trust(CLI::App& to_app, gw::tools::trust_options& to) {
  auto* const ca = to_app.add_option("--ca", to.ca, "With wss: trust the CAs in this file (PEM), not the system's")
                       ->type_name("FILE");
  auto* const cert = to_app.add_option("--cert", to.cert, "With wss: show this certificate (PEM), whose key is --key")
                         ->type_name("FILE");
  auto* const key = to_app.add_option("--key", to.key, "Its private key (PEM)")->type_name("FILE")->needs(cert);
  cert->needs(key);
  to_app.add_flag("-k,--insecure", to.insecure, "With wss: trust any certificate")->excludes(ca);
}

}  // namespace wsgw
