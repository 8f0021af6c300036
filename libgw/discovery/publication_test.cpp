#include "discovery/publication.hpp"

#include "testing/catch.hpp"
#include "testing/http_double.hpp"
#include "testing/run_loop.hpp"
#include "testing/scratch_folder.hpp"

#include <string>

using namespace std::chrono_literals;

namespace {

using gw::discovery::publication;
using gw::testing::scratch_folder;

/// Two services, of which the second has instances of its own and of a file.
gw::config::config settings_of(scratch_folder const& folder) {
  gw::config::config c;
  c.services = {
      {.name = "chat", .instances = {{.host = "127.0.0.1", .port = 1}}},
      {.name = "order", .instances = {{.host = "127.0.0.1", .port = 2}}, .discovery = "f", .service_id = "o"}};
  c.discoveries = {{.name = "f", .type = "file", .path = folder.path.string()}};
  return c;
}

/// "chat: 127.0.0.1:1 order: …"
std::string told(gw::cluster::registry const& all) {
  std::string text;
  for (auto const& s : all.services()) {
    text += s.name + ":";
    for (auto const& i : s.instances) text += " " + i.ip + ":" + std::to_string(i.configured.port);
    text += "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("instances of the configuration are there at once, those of a source join them and leave again") {
  scratch_folder const folder;
  folder.put("list.toml", "[services]\no = [\"10.0.0.1:3\", \"10.0.0.2:3\"]\nchat = [\"10.0.0.9:9\"]\n");
  auto const settings = settings_of(folder);
  gw::monotonic_clock const real_time;
  gw::testing::run_loop(real_time, [&](gw::net::loop& on) -> gw::net::awaitable<void> {
    gw::net::event news(on.where());
    int reports = 0;
    std::string last;
    publication tested(on, settings, 1,
                       {[&](std::shared_ptr<gw::cluster::registry const> fresh) {
                          last = told(*fresh);
                          news.set();
                        },
                        [&] { ++reports; }});
    co_await tested.begin();
    CHECK(told(*tested.instances()) == "chat: 127.0.0.1:1\norder: 127.0.0.1:2\n");
    REQUIRE(tested.open({}).has_value());
    gw::net::task_group running(on.where());
    running.spawn(tested.run());
    co_await news.wait();
    CHECK(last == "chat: 127.0.0.1:1\norder: 10.0.0.1:3 10.0.0.2:3 127.0.0.1:2\n");
    auto const kept = tested.instances()->at(1).instances[0].id;
    news.clear();
    folder.put("list.toml", "[services]\no = [\"10.0.0.1:3\"]\n");
    co_await news.wait();
    CHECK(last == "chat: 127.0.0.1:1\norder: 10.0.0.1:3 127.0.0.1:2\n");
    CHECK(tested.instances()->at(1).instances[0].id == kept);
    REQUIRE(tested.reports().size() == 1);
    CHECK(tested.reports()[0].name == "f");
    CHECK(tested.reports()[0].answers == 2);
    CHECK(reports >= 2);
    tested.stop();
    co_await running.join();
  });
}

TEST_CASE("services that the configuration does not name get places behind the others, and keep them") {
  scratch_folder const folder;
  folder.put("list.toml", "[services]\nzoo = [\"10.0.0.1:3\"]\nchat = [\"10.0.0.9:9\"]\nnobody = []\n");
  auto settings = settings_of(folder);
  settings.discoveries[0].any_service = true;
  CHECK(gw::discovery::with_places(settings_of(folder)).services.size() == 2);
  settings = gw::discovery::with_places(settings);
  REQUIRE(settings.services.size() == 2 + publication::most_found);
  gw::monotonic_clock const real_time;
  gw::testing::run_loop(real_time, [&](gw::net::loop& on) -> gw::net::awaitable<void> {
    gw::net::event news(on.where());
    std::string last;
    publication tested(on, settings, 1,
                       {[&](std::shared_ptr<gw::cluster::registry const> fresh) {
                          last = told(*fresh);
                          last.resize(last.find_last_not_of(":\n") + 1);
                          news.set();
                        },
                        [] {}});
    co_await tested.begin();
    REQUIRE(tested.open({}).has_value());
    gw::net::task_group running(on.where());
    running.spawn(tested.run());
    co_await news.wait();
    CHECK(last == "chat: 127.0.0.1:1\norder: 127.0.0.1:2\nzoo: 10.0.0.1:3");
    news.clear();
    folder.put("list.toml", "[services]\nark = [\"10.0.0.2:3\"]\nzoo = [\"10.0.0.1:3\"]\nchat = [\"10.0.0.9:9\"]\n");
    co_await news.wait();
    CHECK(last == "chat: 127.0.0.1:1\norder: 127.0.0.1:2\nzoo: 10.0.0.1:3\nark: 10.0.0.2:3");
    tested.stop();
    co_await running.join();
  });
}

TEST_CASE("a name stands for what its owner may dial: the configuration for anything, a source for what it may name") {
  scratch_folder const folder;
  folder.put("list.toml", "[services]\no = [\"localhost:22\", \"10.0.0.1:3\"]\n");
  auto settings = settings_of(folder);
  settings.services[0].instances = {{.host = "localhost", .port = 1}};
  settings.services[1].instances.clear();
  gw::monotonic_clock const real_time;
  auto const order_at = [&](std::vector<std::string> networks) {
    settings.discoveries[0].networks = std::move(networks);
    std::string last;
    gw::testing::run_loop(real_time, [&](gw::net::loop& on) -> gw::net::awaitable<void> {
      gw::net::event news(on.where());
      publication tested(on, settings, 1,
                         {[&](std::shared_ptr<gw::cluster::registry const> fresh) {
                            last = told(*fresh);
                            news.set();
                          },
                          [] {}});
      co_await tested.begin();
      REQUIRE(tested.open({}).has_value());
      gw::net::task_group running(on.where());
      running.spawn(tested.run());
      co_await news.wait();
      tested.stop();
      co_await running.join();
    });
    CHECK(last.find(" 127.0.0.1:1") != last.npos);
    return last.substr(last.find("order:"));
  };
  CHECK(order_at({}) == "order: 10.0.0.1:3\n");
  CHECK(order_at({"10.0.0.0/8", "127.0.0.1"}) == "order: 10.0.0.1:3 127.0.0.1:22\n");
}

TEST_CASE("a registry that is only there for the gateway's own entry is not asked") {
  scratch_folder const folder;
  auto settings = settings_of(folder);
  settings.services[1].discovery.clear();
  settings.discoveries[0] = {.name = "eu", .type = "eureka", .urls = {"http://127.0.0.1:1"}};
  settings.discoveries[0].registers = true;
  settings.discoveries[0].service_name = "wsgw";
  settings.discoveries[0].advertise = "192.0.2.1:80";
  gw::monotonic_clock const real_time;
  gw::net::loop on(real_time);
  publication tested(on, settings, 1, {[](std::shared_ptr<gw::cluster::registry const>) {}, [] {}});
  REQUIRE(tested.open({}).has_value());
  CHECK(tested.reports().empty());
}

TEST_CASE("the gateway's own entry is taken out before its sources are left") {
  scratch_folder const folder;
  folder.put("list.toml", "[services]\no = [\"10.0.0.1:3\"]\n");
  auto settings = settings_of(folder);
  settings.discoveries.push_back({.name = "eu", .type = "eureka"});
  auto& registry = settings.discoveries.back();
  registry.registers = true;
  registry.service_name = "wsgw";
  registry.advertise = "192.0.2.1:80";
  gw::testing::beside_server([&](gw::net::loop& on, gw::testing::http_double& server) -> gw::net::awaitable<void> {
    registry.urls = {server.url()};
    server.answers(gw::testing::http_ok(""));
    publication tested(on, settings, 1, {[](std::shared_ptr<gw::cluster::registry const>) {}, [] {}});
    co_await tested.begin();
    REQUIRE(tested.open({}).has_value());
    gw::net::task_group running(on.where());
    running.spawn(tested.run());
    while (server.requests().empty()) co_await on.wheel.sleep(1ms);
    CHECK(server.requests()[0].method == "POST");
    tested.leave();
    while (server.requests().size() < 2) co_await on.wheel.sleep(1ms);
    CHECK(server.requests()[1].method == "DELETE");
    CHECK(running.size() == 1);
    tested.stop();
    co_await running.join();
  });
}

TEST_CASE("a source that cannot be made is told by its name") {
  scratch_folder const folder;
  auto settings = settings_of(folder);
  settings.discoveries[0].type = "dns";
  settings.discoveries[0].any_service = true;
  gw::monotonic_clock const real_time;
  gw::net::loop on(real_time);
  publication tested(on, settings, 1, {[](std::shared_ptr<gw::cluster::registry const>) {}, [] {}});
  auto const opened = tested.open({});
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().code == gw::errc::bad_config);
  CHECK(opened.error().context.starts_with("discovery.f: DNS cannot list all services"));
}
