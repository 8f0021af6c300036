#include "discovery/file_source.hpp"

#include "testing/catch.hpp"
#include "testing/run_loop.hpp"
#include "testing/scratch_folder.hpp"

#include <filesystem>
#include <functional>
#include <string>

using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

using gw::discovery::ask;
using gw::discovery::source;
using gw::testing::scratch_folder;

/// What the source says: "order: 2 instances", one service a line, or its error.
gw::net::awaitable<std::string> answer(source& asked, ask what) {
  auto const listed = co_await asked.discover(what);
  if (!listed) co_return gw::describe(listed.error());
  std::string text;
  for (auto const& [service, offers] : *listed) text += service + ": " + std::to_string(offers.size()) + "\n";
  co_return text;
}

using story = std::function<gw::net::awaitable<void>(source&)>;

void play(std::string const& path, story told) {
  gw::monotonic_clock const time;
  gw::testing::run_loop(time, [&](gw::net::loop& on) -> gw::net::awaitable<void> {
    gw::config::discovery const settings{.name = "f", .type = "file", .refresh = 30s, .path = path};
    auto made = gw::discovery::make_file({on, settings, {"order"}});
    REQUIRE(made.has_value());
    CHECK((*made)->waits_for_news());
    co_await told(**made);
    (*made)->stop();
    auto const last = co_await answer(**made, ask::news);
    CHECK(last == "stopped");
  });
}

}  // namespace

TEST_CASE("a folder of files is one list, and a file that is moved into place is news") {
  scratch_folder const folder;
  folder.put("a.toml", "[services]\norder = [\"10.0.0.1:1\"]\n");
  folder.put("b.json", R"({"services":{"order":["10.0.0.2:1"],"chat":[]}})");
  folder.put("c.txt", "no list");
  play(folder.path.string(), [&folder](source& tested) -> gw::net::awaitable<void> {
    auto const first = co_await answer(tested, ask::everything);
    CHECK(first == "chat: 0\norder: 2\n");
    folder.put("a.toml", "[services]\norder = [\"10.0.0.1:1\", \"10.0.0.1:2\"]\n");
    auto const second = co_await answer(tested, ask::news);
    CHECK(second == "chat: 0\norder: 3\n");
    fs::remove(folder.path / "b.json");
    auto const third = co_await answer(tested, ask::news);
    CHECK(third == "order: 2\n");
  });
}

TEST_CASE("a single file is watched where it is, also when it appears later") {
  scratch_folder const folder;
  auto const file = folder.path / "list.toml";
  play(file.string(), [&](source& tested) -> gw::net::awaitable<void> {
    auto const none = co_await answer(tested, ask::everything);
    CHECK(none == file.string() + " cannot be read: No such file or directory");
    folder.put("list.toml", "[services]\norder = [\"10.0.0.1:1\"]\n");
    auto const there = co_await answer(tested, ask::news);
    CHECK(there == "order: 1\n");
  });
}

TEST_CASE("a file that is half written is an error with its place") {
  scratch_folder const folder;
  folder.put("a.toml", "[services]\norder = [\"10.0.0.1:1\"]\n");
  folder.put("b.toml", "[services]\norder = [\"10.0\"]\n");
  play(folder.path.string(), [&](source& tested) -> gw::net::awaitable<void> {
    auto const half = co_await answer(tested, ask::everything);
    CHECK(half == (folder.path / "b.toml").string() +
                      ":2:10: services.order: '10.0' is not an address; write \"host:9001\" or \"[::1]:9001\"");
  });
}
