#include "gateway/own_addresses.hpp"

#include "testing/catch.hpp"

#include <algorithm>

using namespace gw;

namespace {

bool holds(std::vector<discovery::own_address> const& all, std::string_view ip, std::uint16_t port) {
  auto const wanted = *config::parse_ip(ip);
  return std::any_of(all.begin(), all.end(), [&](auto const& a) { return a.ip == wanted && a.port == port; });
}

}  // namespace

TEST_CASE("a listener is reached at its address, or at all of the host, and a UNIX socket at none") {
  auto const own = gateway::own_addresses({*net::address::parse("192.0.2.1:80"), *net::address::parse("0.0.0.0:81"),
                                           *net::address::parse("unix:/run/x.sock")});
  CHECK(holds(own, "192.0.2.1", 80));
  CHECK_FALSE(holds(own, "192.0.2.1", 81));
  CHECK(holds(own, "127.0.0.1", 81));
  CHECK_FALSE(holds(own, "0.0.0.0", 81));
  CHECK_FALSE(holds(own, "127.0.0.1", 80));
}
