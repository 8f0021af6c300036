#include "gateway/own_addresses.hpp"

#include "config/address.hpp"
#include "net/local_addresses.hpp"

#include <string_view>

namespace gw::gateway {

std::vector<discovery::own_address> own_addresses(std::vector<net::address> const& listeners) {
  auto const here = net::local_addresses();
  std::vector<discovery::own_address> own;
  auto const add = [&own](std::string_view ip, std::uint16_t port) {
    if (auto const parsed = config::parse_ip(ip)) own.push_back({*parsed, port});
  };
  for (auto const& l : listeners) {
    if (l.is_unix()) continue;
    bool const everywhere = l.ip() == "0.0.0.0" || l.ip() == "::";
    if (!everywhere) add(l.ip(), l.port());
    for (auto const& ip : here) {
      if (everywhere) add(ip, l.port());
    }
  }
  return own;
}

}  // namespace gw::gateway
