#include "gateway/upstream.hpp"
#include "net/shortage.hpp"

#include "testing/catch.hpp"

#include <string>
#include <system_error>

using namespace gw;

TEST_CASE("an instance is called by its host and port, and by the host of its service if that has one") {
  auto const check = [](std::string const& host, std::string const& of_service, std::string const& name,
                        std::string const& asked, std::string const& certified) {
    CAPTURE(host, of_service);
    cluster::instance i;
    i.configured = {host, 9001};
    config::service const settings{.host = of_service};
    CHECK(gateway::name_of(i) == name);
    CHECK(gateway::host_of(settings, i) == asked);
    CHECK(gateway::certified_name(settings, i) == certified);
  };
  check("chat.internal", "", "chat.internal:9001", "chat.internal:9001", "chat.internal");
  check("10.0.0.1", "", "10.0.0.1:9001", "10.0.0.1:9001", "10.0.0.1");
  check("::1", "", "[::1]:9001", "[::1]:9001", "::1");
  check("::1", "chat.example", "[::1]:9001", "chat.example", "chat.example");
  check("10.0.0.1", "[fd00::7]:80", "10.0.0.1:9001", "[fd00::7]:80", "fd00::7");
}

TEST_CASE("an instance is not to blame for what the gateway ran out of, but for what it refuses") {
  auto const check = [](std::errc cause, bool ours) {
    CAPTURE(static_cast<int>(cause));
    CHECK(net::is_our_shortage(make_error_code(cause)) == ours);
  };
  check(std::errc::too_many_files_open, true);
  check(std::errc::not_enough_memory, true);
  check(std::errc::stream_timeout, true);
  check(std::errc::timed_out, false);
  check(std::errc::connection_refused, false);
  CHECK_FALSE(net::is_our_shortage({}));
}
