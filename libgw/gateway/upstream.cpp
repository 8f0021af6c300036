#include "gateway/upstream.hpp"

#include "config/address.hpp"
#include "wire/strict_head_lexis.hpp"

namespace gw::gateway {
namespace {

// An upstream that answers with more header than this is not one of ours (RELIABILITY E5).
constexpr std::size_t response_limit = 16 * 1024;

}  // namespace

std::string name_of(cluster::instance const& i) {
  return config::host_port_text(i.configured.host, i.configured.port);
}

std::string host_of(config::service const& settings, cluster::instance const& target) {
  return settings.host.empty() ? name_of(target) : settings.host;
}

std::string certified_name(config::service const& settings, cluster::instance const& target) {
  auto const configured = wire::parse_authority(settings.host);
  if (!configured) return target.configured.host;
  auto host = configured->host;
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  return std::string(host);
}

net::awaitable<result<>> read_answer(net::stream& upstream, net::received_head& received) {
  return net::read_final_head(upstream, received, response_limit);
}

}  // namespace gw::gateway
