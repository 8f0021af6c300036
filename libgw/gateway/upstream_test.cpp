#include "gateway/upstream.hpp"

#include "testing/catch.hpp"

#include <system_error>

using namespace gw;

TEST_CASE("an instance is not to blame for what the gateway ran out of, but for what it refuses") {
  auto const check = [](std::errc cause, bool ours) {
    CAPTURE(static_cast<int>(cause));
    CHECK(gateway::is_our_shortage(make_error_code(cause)) == ours);
  };
  check(std::errc::too_many_files_open, true);
  check(std::errc::not_enough_memory, true);
  check(std::errc::stream_timeout, true);
  check(std::errc::timed_out, false);
  check(std::errc::connection_refused, false);
  CHECK_FALSE(gateway::is_our_shortage({}));
}
