#include "net/listen.hpp"

#include "testing/catch.hpp"
#include "testing/run_loop.hpp"

#include <sys/socket.h>

#include <vector>

namespace gw::net {
namespace {

constexpr int crowd = 40;

monotonic_clock const real_time;

address any_port() {
  return *address::parse("127.0.0.1:0");
}

/// Connections that the kernel has taken and nobody has accepted.
std::vector<unique_fd> connections_to(address const& at, int count) {
  std::vector<unique_fd> made;
  for (int i = 0; i < count; ++i) {
    auto& one = made.emplace_back(::socket(at.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(::connect(one.get(), at.data(), at.size()) == 0);
  }
  return made;
}

TEST_CASE("a crowd is let in by the handful, and everything else goes on in between") {
  testing::run_loop(real_time, [](loop& on) -> awaitable<void> {
    auto const tested = *listener::open(on, any_port());
    auto const clients = connections_to(tested->local(), crowd);
    int let_in = 0;
    int before_the_other = 0;
    on.post([&] { before_the_other = let_in; });
    for (; let_in < crowd; ++let_in) {
      auto const accepted = co_await tested->accept();
      REQUIRE(accepted.has_value());
    }
    CHECK(before_the_other > 0);
    CHECK(before_the_other < crowd / 2);
  });
}

TEST_CASE("a listener that was moved is where it was, and accepts there until it is closed") {
  testing::run_loop(real_time, [](loop& on) -> awaitable<void> {
    auto opened = *listener::open(on, any_port());
    auto const at = opened->local().text();
    auto const tested = listener::moved(on, std::move(opened));
    CHECK(tested->local().text() == at);
    auto const clients = connections_to(tested->local(), 1);
    auto const accepted = co_await tested->accept();
    CHECK(accepted.has_value());
    on.post([&] { tested->close(); });
    auto const closed = co_await tested->accept();
    REQUIRE_FALSE(closed.has_value());
    CHECK(closed.error().code == errc::closed);
  });
}

}  // namespace
}  // namespace gw::net
