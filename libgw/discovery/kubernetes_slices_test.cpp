#include "discovery/kubernetes_slices.hpp"

#include "discovery/offer_text_test.hpp"
#include "testing/catch.hpp"

#include <fmt/format.h>

#include <string>

using namespace gw;
using namespace gw::discovery;
using news = kubernetes_slices::news;

namespace {

std::string slice(std::string const& name, std::string const& endpoints, std::string const& type = "IPv4",
                  std::string const& version = "10") {
  return fmt::format(R"({{"metadata":{{"name":"{}","namespace":"shop","resourceVersion":"{}",)"
                     R"("labels":{{"kubernetes.io/service-name":"order"}}}},"addressType":"{}","endpoints":[{}],)"
                     R"("ports":[{{"name":"metrics","port":9100,"protocol":"TCP"}},{{"name":"ws","port":9001}}]}})",
                     name, version, type, endpoints);
}

std::string endpoint(std::string const& address, std::string const& pod, std::string const& more = "") {
  return fmt::format(R"({{"addresses":["{}"],"targetRef":{{"kind":"Pod","name":"{}"}}{}}})", address, pod, more);
}

std::string list(std::string const& items, std::string const& more = "") {
  return fmt::format(R"({{"kind":"EndpointSliceList","metadata":{{"resourceVersion":"9"{}}},"items":[{}]}})", more,
                     items);
}

std::string event(std::string const& type, std::string const& object) {
  return fmt::format(R"({{"type":"{}","object":{}}})", type, object);
}

kubernetes_slices listed(std::string const& items, std::string const& port = "ws") {
  kubernetes_slices made(port);
  REQUIRE(made.take_page(list(items), true).has_value());
  return made;
}

void check(std::string const& items, std::string const& expected) {
  INFO(items);
  CHECK(text_of(listed(items).routable()) == expected);
}

}  // namespace

TEST_CASE("endpoints of slices are offered with the port of the name that was asked for") {
  check(slice("s", endpoint("10.0.0.5", "p1", R"(,"zone":"a","nodeName":"n1","conditions":{"ready":true})")),
        "order: p1=10.0.0.5:9001 zone a {node=n1}");
  CHECK(text_of(listed(slice("s", endpoint("10.0.0.5", "p1")), "").routable()) == "order: p1=10.0.0.5:9100");
  CHECK(text_of(listed(slice("s", endpoint("10.0.0.5", "p1")), "http").routable()) == "order: p1=10.0.0.5:0");
  check(slice("s", R"({"addresses":["10.0.0.5","10.0.0.6"]})"), "order: 10.0.0.5=10.0.0.5:9001");
  check(slice("s", ""), "order: (none)");
}

TEST_CASE("an endpoint is offered when it is ready, and drains while it serves and terminates") {
  auto const with = [](std::string const& conditions) {
    return slice("s", endpoint("10.0.0.5", "p", fmt::format(R"(,"conditions":{})", conditions)));
  };
  auto const ready = "order: p=10.0.0.5:9001";
  auto const draining = "order: p=10.0.0.5:9001 draining";
  auto const absent = "order: (none)";
  check(with("{}"), ready);
  check(with(R"({"ready":null})"), ready);
  check(with(R"({"ready":true,"serving":true,"terminating":false})"), ready);
  check(with(R"({"ready":false})"), absent);
  check(with(R"({"ready":false,"serving":true,"terminating":true})"), draining);
  check(with(R"({"ready":true,"serving":true,"terminating":true})"), draining);
  check(with(R"({"ready":false,"serving":false,"terminating":true})"), absent);
  check(with(R"({"ready":false,"terminating":true})"), absent);
}

TEST_CASE("the slices of a service are merged, and a pod in several of them is one instance") {
  check(slice("a", endpoint("10.0.0.5", "p1")) + "," + slice("b", endpoint("10.0.0.6", "p2")),
        "order: p1=10.0.0.5:9001, p2=10.0.0.6:9001");
  auto const drains = endpoint("10.0.0.5", "p1", R"(,"conditions":{"serving":true,"terminating":true})");
  check(slice("a", drains) + "," + slice("b", endpoint("10.0.0.5", "p1")), "order: p1=10.0.0.5:9001");
  check(slice("a", endpoint("fd00::5", "p1"), "IPv6") + "," + slice("b", endpoint("10.0.0.5", "p1")),
        "order: p1=10.0.0.5:9001");
  check(slice("a", endpoint("fd00::5", "p1"), "IPv6"), "order: p1=fd00::5:9001");
}

TEST_CASE("pages of a list belong together, and the next list replaces them") {
  kubernetes_slices slices("ws");
  auto const first = slices.take_page(list(slice("a", endpoint("10.0.0.5", "p1")), R"(,"continue":"abc")"), true);
  CHECK(*first == "abc");
  auto const last = slices.take_page(list(slice("b", endpoint("10.0.0.6", "p2"))), false);
  CHECK(last->empty());
  CHECK(text_of(slices.routable()) == "order: p1=10.0.0.5:9001, p2=10.0.0.6:9001");
  REQUIRE(slices.take_page(list(slice("b", endpoint("10.0.0.6", "p2"))), true).has_value());
  CHECK(text_of(slices.routable()) == "order: p2=10.0.0.6:9001");
}

TEST_CASE("events of a watch change slices and say whether that can be seen") {
  auto slices = listed(slice("a", endpoint("10.0.0.5", "p1")));
  CHECK(slices.version() == "9");
  auto const check_event = [&slices](std::string const& line, news what, std::string const& expected) {
    INFO(line);
    auto const taken = slices.take_event(line);
    REQUIRE(taken.has_value());
    CHECK(*taken == what);
    CHECK(text_of(slices.routable()) == expected);
  };
  auto const one = "order: p1=10.0.0.5:9001";
  auto const two = "order: p1=10.0.0.5:9001, p2=10.0.0.6:9001";
  auto const b = slice("b", endpoint("10.0.0.6", "p2"), "IPv4", "11");
  check_event(event("ADDED", b), news::changed, two);
  CHECK(slices.version() == "11");
  check_event(event("MODIFIED", b), news::none, two);
  check_event(event("BOOKMARK", R"({"metadata":{"resourceVersion":"42"}})"), news::none, two);
  CHECK(slices.version() == "42");
  check_event(event("DELETED", b), news::changed, one);
  check_event(event("DELETED", b), news::none, one);
  check_event(event("ADDED", R"({"metadata":{"name":"x"}})"), news::none, one);
  CHECK(slices.skipped() == 1);
  check_event(event("ERROR", R"({"kind":"Status","code":410,"reason":"Expired"})"), news::gone, one);
}

TEST_CASE("what is no list and no event is an error and changes nothing") {
  auto slices = listed(slice("a", endpoint("10.0.0.5", "p1")));
  for (auto const* const text :
       {"", "{}", "[]", R"({"items":{}})", R"({"kind":"Status","code":403})", R"({"items":[)"}) {
    CHECK(slices.take_page(text, true).has_error());
    CHECK(slices.take_event(text).has_error());
  }
  CHECK(slices.take_event(R"({"type":"ADDED"})").has_error());
  auto const failed = slices.take_event(event("ERROR", R"({"code":500,"message":"no quorum"})"));
  CHECK(describe(failed.error()) == "the server ends the watch: no quorum");
  CHECK(text_of(slices.routable()) == "order: p1=10.0.0.5:9001");
}
