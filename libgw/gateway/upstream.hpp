// What everybody who speaks with an instance of a service needs: its names, and how an answer is read. Used by dials
// and by health checks.
#pragma once

#include "cluster/instance.hpp"
#include "config/config.hpp"
#include "net/awaitable.hpp"
#include "net/http_io.hpp"
#include "net/stream.hpp"

#include <string>
#include <system_error>

namespace gw::gateway {

/// "host:port" as configured, for logs.
std::string name_of(cluster::instance const& i);
/// What the Host header says.
std::string host_of(config::service const& settings, cluster::instance const& target);
/// Whom the certificate must name: the host that the handshake names, as a name or an IP literal.
std::string certified_name(config::service const& settings, cluster::instance const& target);

/// Reads the final answer's head, or the interim one that is one too many.
net::awaitable<result<>> read_answer(net::stream& upstream, net::received_head& received);

}  // namespace gw::gateway
