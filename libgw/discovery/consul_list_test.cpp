#include "discovery/consul_list.hpp"

#include "discovery/offer_text_test.hpp"
#include "testing/catch.hpp"

#include <fmt/format.h>

#include <string>
#include <vector>

using namespace gw;
using namespace gw::discovery;

namespace {

void check(std::string const& answer, std::string const& expected) {
  INFO(answer);
  auto const read = parse_consul_health(answer);
  REQUIRE(read.has_value());
  CHECK(text_of(catalogue{{"x", read->offers}}) == "x:" + (expected.empty() ? " (none)" : " " + expected));
}

std::string with_checks(std::string const& checks) {
  return R"([{"Node":{"Address":"10.0.0.1"},"Service":{"ID":"a","Port":1},"Checks":)" + checks + "}]";
}

}  // namespace

TEST_CASE("services that pass in Consul are offered with their address, or else that of their node") {
  check(R"([{"Node":{"Node":"n1","Address":"10.0.0.1","Meta":{"zone":"b"}},
             "Service":{"ID":"order-1","Service":"order","Address":"10.0.0.5","Port":9001,
                        "Weights":{"Passing":3,"Warning":1},"Meta":{"version":"2","zone":"a"},"Tags":["v1","canary"]},
             "Checks":[{"Status":"passing"},{"Status":"passing"}]},
            {"Node":{"Node":"n2","Address":"10.0.0.2","Meta":{"zone":"b"}},
             "Service":{"ID":"order-1","Service":"order","Address":"","Port":"9002","Meta":null,"Tags":null},
             "Checks":[]}])",
        "n1/order-1=10.0.0.5:9001 weight 3 zone a {tags=v1,canary} {version=2} {zone=a}, "
        "n2/order-1=10.0.0.2:9002 zone b");
  check("[]", "");
}

TEST_CASE("a service with a check that does not pass is not offered") {
  check(with_checks(R"([{"Status":"passing"}])"), "a=10.0.0.1:1");
  for (auto const* const status : {"warning", "critical", "maintenance", "", "PASSING"}) {
    check(with_checks(fmt::format(R"([{{"Status":"passing"}},{{"Status":"{}"}}])", status)), "");
  }
  check(with_checks("[7]"), "");
}

TEST_CASE("nonsense among Consul's entries is skipped and counted, and no list at all is an error") {
  auto const answer = R"([null,{"Node":{}},{"Service":[]},{"Service":{"ID":"a","Port":-1}}])";
  check(answer, "a=:0");
  CHECK(parse_consul_health(answer)->skipped == 3);
  for (auto const* const text : {"", "{}", "null", "No cluster leader", R"([{"Node":{"Address":"10.0)"}) {
    CHECK(parse_consul_health(text).has_error());
  }
}

TEST_CASE("the names of Consul's services are the members of its answer") {
  CHECK(*parse_consul_services(R"({"order":["v1"],"consul":[]})") == std::vector<std::string>{"consul", "order"});
  CHECK(parse_consul_services("[]").has_error());
}
