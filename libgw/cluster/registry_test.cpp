#include "cluster/registry.hpp"

#include "testing/catch.hpp"

#include <map>
#include <set>
#include <string>
#include <thread>

namespace {

using gw::cluster::registry;

using names = std::map<std::string, std::vector<std::string>, std::less<>>;

auto made(std::vector<gw::config::service> const& services, names const& known = {}, registry const* before = nullptr) {
  auto const resolve = [&known](std::string_view host, std::uint16_t) {
    auto const at = known.find(host);
    return at == known.end() ? std::vector<std::string>() : at->second;
  };
  return registry::make(gw::cluster::located(services, resolve), 2, before);
}

std::string shown(gw::cluster::service const& s) {
  std::string text = s.name + ":";
  for (auto const& i : s.instances) text += " " + i.ip + "/" + std::to_string(i.configured.port);
  return text;
}

}  // namespace

TEST_CASE("a host name stands for all its addresses, each once") {
  auto const r = made({{.name = "chat",
                        .instances = {{.host = "chat.internal", .port = 80, .weight = 3, .zone = "z"},
                                      {.host = "10.0.0.2", .port = 80},
                                      {.host = "::1", .port = 81},
                                      {.host = "nowhere", .port = 80}}}},
                      {{"chat.internal", {"10.0.0.2", "10.0.0.1"}}});
  REQUIRE(r->services().size() == 1);
  CHECK(shown(r->at(0)) == "chat: 10.0.0.1/80 10.0.0.2/80 ::1/81");
  auto const& first = r->at(0).instances[0];
  CHECK(first.configured == gw::cluster::endpoint{"chat.internal", 80});
  CHECK(first.weight == 3);
  CHECK(first.zone == "z");
  CHECK(first.load->total() == 0);
  CHECK(r->at(0).instances[1].configured.host == "chat.internal");  // it is written first
}

TEST_CASE("services keep the order they were given in and are found by name") {
  auto const r = made({{.name = "b"}, {.name = "a"}});
  CHECK(r->find("b") == 0);
  CHECK(r->find("a") == 1);
  CHECK_FALSE(r->find("c").has_value());
  CHECK(r->at(1).instances.empty());
}

TEST_CASE("an instance that stays keeps its id and its load, and ids are not used twice") {
  auto const service = [](std::vector<gw::config::instance> instances) {
    return std::vector<gw::config::service>{{.name = "new first"}, {.name = "a", .instances = std::move(instances)}};
  };
  auto const first =
      made({{.name = "a", .instances = {{.host = "10.0.0.1", .port = 1}, {.host = "10.0.0.2", .port = 1}}}});
  first->at(0).instances[1].load->add(0, 5);
  auto const second =
      made(service({{.host = "10.0.0.2", .port = 1}, {.host = "10.0.0.3", .port = 1}}), {}, first.get());
  auto const third =
      made(service({{.host = "10.0.0.1", .port = 1}, {.host = "10.0.0.2", .port = 1}}), {}, second.get());
  CHECK(second->at(1).instances[0].id == first->at(0).instances[1].id);
  CHECK(second->at(1).instances[0].load->total() == 5);
  CHECK(third->at(1).instances[1].load->total() == 5);
  CHECK(third->at(1).instances[0].load->total() == 0);
  std::set const ids{first->at(0).instances[0].id, first->at(0).instances[1].id, second->at(1).instances[1].id,
                     third->at(1).instances[0].id};
  CHECK(ids.size() == 4);
}

TEST_CASE("an instance of which other things are told keeps its id and its load") {
  gw::config::instance told{.host = "10.0.0.1", .port = 1, .metadata = {{"version", "1"}}};
  auto const first = made({{.name = "a", .instances = {told}}});
  first->at(0).instances[0].load->add(0, 5);
  told.weight = 7;
  told.zone = "b";
  told.draining = true;
  auto const second = made({{.name = "a", .instances = {told}}}, {}, first.get());
  told.metadata["version"] = "2";
  auto const third = made({{.name = "a", .instances = {told}}}, {}, second.get());
  auto const& now = third->at(0).instances[0];
  CHECK(now.id == first->at(0).instances[0].id);
  CHECK(now.load == first->at(0).instances[0].load);
  CHECK(now.weight == 7);
  CHECK(now.zone == "b");
  CHECK(now.draining);
  CHECK(*now.metadata == told.metadata);
  CHECK(second->at(0).instances[0].metadata == first->at(0).instances[0].metadata);
}

TEST_CASE("workers count the load of an instance together and without losing any") {
  gw::cluster::instance_load load(2);
  auto const work = [&load](std::size_t worker) {
    for (int i = 0; i < 100'000; ++i) load.add(worker, i % 2 == 0 ? 2 : -1);
  };
  std::thread other(work, 1);
  work(0);
  other.join();
  CHECK(load.total() == 100'000);
}
