#include "discovery/self_entry.hpp"

#include "discovery/registry_world_test.hpp"
#include "net/task_group.hpp"

#include <string>

using namespace gw;
using namespace gw::discovery;

TEST_CASE("the gateway enters itself where it is told to, and leaves in the end") {
  beside_server([](net::loop& l, http_double& server) -> net::awaitable<void> {
    config::discovery settings{.name = "eu", .type = "eureka", .zone = "a", .urls = {server.url("/eureka")}};
    CHECK(*make_self_entry(l, settings) == nullptr);
    settings.registers = true;
    settings.service_name = "gate";
    settings.advertise = "10.0.0.9:8080";
    auto const made = make_self_entry(l, settings);
    REQUIRE(made.has_value());
    auto& self = **made;
    server.answers([&self](http_double::request const&) {
      self.end();
      return reply{testing::http_says(204)};
    });
    co_await self.keep();
    REQUIRE(server.requests().size() == 2);
    CHECK(server.requests()[0].target == "/eureka/apps/GATE");
    CHECK(server.requests()[0].body.find(R"("vipAddress":"gate")") != std::string::npos);
    CHECK(server.requests()[1].method == "DELETE");
    CHECK(server.requests()[1].target == "/eureka/apps/GATE/10.0.0.9%3Agate%3A8080");
  });
}
