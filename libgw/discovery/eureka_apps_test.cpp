#include "discovery/eureka_apps.hpp"

#include "discovery/offer_text_test.hpp"
#include "testing/catch.hpp"

#include <fmt/format.h>

#include <string>

using namespace gw;
using namespace gw::discovery;

namespace {

// As Spring's server writes it.
constexpr auto recorded = R"({"applications":{"versions__delta":"1","apps__hashcode":"DOWN_1_UP_1_","application":[
 {"name":"ORDER","instance":[{
 "instanceId":"h1:order:9001","hostName":"h1","app":"ORDER","ipAddr":"10.0.0.5","status":"UP","overriddenstatus":"UNKNOWN",
 "port":{"$":9001,"@enabled":"true"},"securePort":{"$":443,"@enabled":"false"},"vipAddress":"order","secureVipAddress":"order",
 "dataCenterInfo":{"@class":"com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo","name":"MyOwn"},
 "leaseInfo":{"renewalIntervalInSecs":30,"durationInSecs":90},"metadata":{"zone":"a"},"actionType":"ADDED",
 "lastUpdatedTimestamp":"1700000000000","lastDirtyTimestamp":"1700000000000","isCoordinatingDiscoveryServer":"false"},
 {"instanceId":"h2:order:9001","hostName":"h2","app":"ORDER","ipAddr":"10.0.0.6","status":"DOWN",
 "port":{"$":9001,"@enabled":"true"},"vipAddress":"order","metadata":{"@class":"java.util.Collections$EmptyMap"}}]}]}})";

std::string list_of(std::string const& application, std::string const& hash = "") {
  return fmt::format(R"({{"applications":{{"apps__hashcode":"{}","application":{}}}}})", hash, application);
}

/// One instance of ORDER with these members more (the last of equal names counts).
std::string instance(std::string const& more) {
  return list_of(R"([{"name":"ORDER","instance":[{"instanceId":"a","ipAddr":"10.0.0.5","hostName":"h1","status":"UP",)"
                 R"("port":{"$":9001,"@enabled":"true"},"vipAddress":"order")" +
                 more + "}]}]");
}

void check(std::string const& answer, std::string const& expected) {
  INFO(answer);
  auto const apps = eureka_apps::parse(answer);
  REQUIRE(apps.has_value());
  CHECK(text_of(apps->routable()) == expected);
}

}  // namespace

TEST_CASE("instances of Eureka that are UP are offered under their VIP address, the others are not") {
  check(recorded, "order: h1:order:9001=10.0.0.5:9001 zone a {zone=a}");
  auto const apps = eureka_apps::parse(recorded);
  CHECK(apps->hash() == "DOWN_1_UP_1_");
  CHECK(apps->fits());
  for (auto const* const status : {"DOWN", "STARTING", "OUT_OF_SERVICE", "UNKNOWN", "up", ""}) {
    check(instance(fmt::format(R"(,"status":"{}")", status)), "order: (none)");
  }
}

TEST_CASE("Eureka's mixed types are understood") {
  check(instance(R"(,"port":{"$":"9002","@enabled":true})"), "order: a=10.0.0.5:9002");
  check(instance(R"(,"port":{"$":9002,"@enabled":"false"},"securePort":{"$":"9443","@enabled":"true"})"),
        "order: a=10.0.0.5:9443");
  check(instance(R"(,"metadata":{"@class":"java.util.Collections$EmptyMap"})"), "order: a=10.0.0.5:9001");
  check(instance(R"(,"metadata":{"build__no":7,"canary":true,"weight":"3","nested":{"x":"y"}})"),
        "order: a=10.0.0.5:9001 weight 3 {build_no=7} {canary=true} {weight=3}");
  check(instance(R"(,"dataCenterInfo":{"name":"Amazon","metadata":{"availability-zone":"us-east-1c"}})"),
        "order: a=10.0.0.5:9001 zone us-east-1c");
  check(list_of(R"({"name":"ORDER","instance":{"hostName":"h1","status":"UP","port":{"$":1}}})"), "order: h1=h1:1");
}

TEST_CASE("a VIP address may name several services, and without one the application does, in lower case") {
  check(instance(R"(,"vipAddress":"Order, order-V2,")"), "order: a=10.0.0.5:9001; order-v2: a=10.0.0.5:9001");
  check(instance(R"(,"vipAddress":null)"), "order: a=10.0.0.5:9001");
}

TEST_CASE("nonsense among Eureka's instances is skipped and counted, and a port that is none is 0") {
  auto const answer = list_of(R"([{"name":"ORDER","instance":[{"status":"UP"},7,"x",null,
    {"instanceId":"b","ipAddr":"10.0.0.7","status":"UP","port":{"$":70000}}]},[],{"instance":{"instanceId":"c"}}])");
  check(answer, "order: b=10.0.0.7:0");
  CHECK(eureka_apps::parse(answer)->skipped() == 5);
  check(list_of("null"), "");
  check(list_of("[]"), "");
}

TEST_CASE("what is no answer of Eureka is an error, however deep or broken") {
  for (auto const& text : {std::string(), std::string("<applications/>"), std::string("[]"), std::string("{}"),
                           std::string(R"({"applications":[]})"), std::string(recorded).substr(0, 700),
                           std::string(100'000, '['), R"({"applications":)" + std::string(200, '[')}) {
    CHECK(eureka_apps::parse(text).has_error());
  }
}

TEST_CASE("changes are applied - added, modified, deleted - and the hash tells whether nothing was missed") {
  auto apps = *eureka_apps::parse(recorded);
  auto const change = [&apps](std::string const& instances, std::string const& hash, std::string const& expected) {
    auto const applied = apps.apply(list_of(fmt::format(R"([{{"name":"ORDER","instance":{}}}])", instances), hash));
    REQUIRE(applied.has_value());
    CHECK(text_of(apps.routable()) == expected);
    return apps.fits();
  };
  CHECK(change(R"({"instanceId":"h2:order:9001","ipAddr":"10.0.0.6","status":"UP","port":{"$":9001},
                  "actionType":"MODIFIED","vipAddress":"order"})",
               "UP_2_", "order: h1:order:9001=10.0.0.5:9001 zone a {zone=a}, h2:order:9001=10.0.0.6:9001"));
  CHECK(change(R"([{"instanceId":"h1:order:9001","actionType":"DELETED"}])", "UP_1_",
               "order: h2:order:9001=10.0.0.6:9001"));
  CHECK_FALSE(change(R"([{"instanceId":"h3","ipAddr":"10.0.0.7","status":"UP","port":{"$":1},"actionType":"ADDED"}])",
                     "UP_3_", "order: h2:order:9001=10.0.0.6:9001, h3=10.0.0.7:1"));
  CHECK_FALSE(change("[]", "", "order: h2:order:9001=10.0.0.6:9001, h3=10.0.0.7:1"));
  CHECK(change(R"([{"instanceId":"h2:order:9001","actionType":"DELETED"},{"instanceId":"h3","actionType":"DELETED"},
                   {"instanceId":"never seen","actionType":"DELETED"}])",
               "", "") == false);
  CHECK(apps.apply("{}").has_error());
}

TEST_CASE("the hash counts the instances of all applications by status, in the order of the names") {
  auto const apps = eureka_apps::parse(list_of(
      R"([{"name":"A","instance":[{"instanceId":"1","status":"UP"},{"instanceId":"2","status":"DOWN"}]},
          {"name":"B","instance":[{"instanceId":"1","status":"UP"},{"instanceId":"2","status":"OUT_OF_SERVICE"}]}])"));
  CHECK(apps->hash() == "DOWN_1_OUT_OF_SERVICE_1_UP_2_");
}
