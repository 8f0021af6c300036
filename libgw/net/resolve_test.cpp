#include "net/resolve.hpp"

#include "testing/catch.hpp"
#include "testing/run_loop.hpp"

#include <string>

using namespace std::chrono_literals;

namespace {

using addresses = std::vector<std::string>;

gw::result<addresses> resolved(std::string const& host, gw::net::look_up const& by) {
  gw::monotonic_clock const real_time;
  gw::result<addresses> found = addresses();
  gw::testing::run_loop(real_time, [&](gw::net::loop& on) -> gw::net::awaitable<void> {
    gw::net::resolver tested(on, by);
    found = co_await tested.resolve(host, 1min);
  });
  return found;
}

}  // namespace

TEST_CASE("a host stands for what its look-up finds, and an IP literal for itself") {
  auto const by = [](std::string const& host) -> gw::result<addresses> {
    if (host == "nobody") return gw::error{gw::errc::connect_failed, gw::side::upstream, "never heard of", {}};
    return addresses{host + " is here"};
  };
  CHECK(*resolved("chat", by) == addresses{"chat is here"});
  CHECK(*resolved("10.0.0.1", by) == addresses{"10.0.0.1"});
  CHECK(*resolved("FD00::1", by) == addresses{"fd00::1"});
  CHECK(resolved("nobody", by).error().context == "never heard of");
}

TEST_CASE("the system knows the addresses of localhost, each once") {
  auto const found = *resolved("localhost", gw::net::system_addresses);
  CHECK(std::count(found.begin(), found.end(), "127.0.0.1") == 1);
}
