#include "net/folder_watch.hpp"

#include "testing/catch.hpp"
#include "testing/run_loop.hpp"
#include "testing/scratch_folder.hpp"

#include <chrono>
#include <filesystem>
#include <string>

using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

using gw::testing::scratch_folder;

gw::monotonic_clock const real_time;
constexpr auto patience = 30s;

/// Whether the wait was over long before its limit.
gw::net::awaitable<bool> sees(gw::net::folder_watch& tested, gw::net::loop& on) {
  auto const begin = on.wheel.now();
  co_await tested.changed(patience);
  co_return on.wheel.now() - begin < patience / 2;
}

}  // namespace

TEST_CASE("a file that is written, moved into place or removed ends the wait, also if it was before the wait") {
  scratch_folder const folder;
  gw::testing::run_loop(real_time, [&](gw::net::loop& on) -> gw::net::awaitable<void> {
    gw::net::folder_watch tested(on, folder.path.string());
    folder.write("a", "x");
    bool const written = co_await sees(tested, on);
    CHECK(written);
    fs::rename(folder.path / "a", folder.path / "b");
    bool const moved = co_await sees(tested, on);
    CHECK(moved);
    fs::remove(folder.path / "b");
    bool const removed = co_await sees(tested, on);
    CHECK(removed);
    tested.close();
  });
}

TEST_CASE("a folder that appears later, or anew, is found at the next wait") {
  scratch_folder const outer;
  auto const inner = outer.path / "inner";
  gw::testing::run_loop(real_time, [&](gw::net::loop& on) -> gw::net::awaitable<void> {
    gw::net::folder_watch tested(on, inner.string());
    co_await tested.changed(1ms);
    for (int i = 0; i < 2; ++i) {
      fs::create_directory(inner);
      co_await tested.changed(1ms);
      outer.write("inner/a", "x");
      bool const written = co_await sees(tested, on);
      CHECK(written);
      fs::remove_all(inner);
      bool const removed = co_await sees(tested, on);
      CHECK(removed);
      co_await tested.changed(1ms);
    }
    tested.close();
  });
}

TEST_CASE("a folder watch that is closed waits no more") {
  scratch_folder const folder;
  gw::testing::run_loop(real_time, [&](gw::net::loop& on) -> gw::net::awaitable<void> {
    gw::net::folder_watch tested(on, folder.path.string());
    tested.close();
    bool const at_once = co_await sees(tested, on);
    CHECK(at_once);
    bool const again = co_await sees(tested, on);
    CHECK(again);
  });
}
