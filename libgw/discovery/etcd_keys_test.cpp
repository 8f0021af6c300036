#include "discovery/etcd_keys.hpp"

#include "core/base64.hpp"
#include "discovery/offer_text_test.hpp"
#include "testing/catch.hpp"

#include <fmt/format.h>

#include <string>

using namespace gw;
using namespace gw::discovery;
using news = etcd_keys::news;

namespace {

std::string kv(std::string const& key, std::string const& value, int revision = 4) {
  return fmt::format(R"({{"key":"{}","value":"{}","mod_revision":"{}"}})", base64_encode(key), base64_encode(value),
                     revision);
}

std::string range(std::string const& kvs) {
  return fmt::format(R"({{"header":{{"cluster_id":"1","revision":"7"}},"kvs":[{}],"count":"1"}})", kvs);
}

std::string answer(std::string const& members) {
  return fmt::format(R"({{"result":{{"header":{{"revision":"8"}}{}}}}})", members);
}

void check(std::string const& value, std::string const& expected) {
  INFO(value);
  etcd_keys keys("/services");
  REQUIRE(keys.take_range(range(kv("/services/order/1", value))).has_value());
  CHECK(text_of(keys.routable()) == expected);
  CHECK(keys.skipped() == (expected.empty() ? 1U : 0U));
}

}  // namespace

TEST_CASE("a value of etcd says where an instance is, in one of several ways") {
  check(R"({"addr":"10.0.0.5:9001"})", "order: 1=10.0.0.5:9001");
  check(R"({"host":"orders.internal","port":"9001"})", "order: 1=orders.internal:9001");
  check("10.0.0.5:9001\n", "order: 1=10.0.0.5:9001");
  check("[fd00::5]:9001", "order: 1=fd00::5:9001");
  check(R"({"Op":0,"Addr":"10.0.0.5:9001","Metadata":null})", "order: 1=10.0.0.5:9001");
  check(R"({"addr":"10.0.0.5:9001","weight":2,"zone":"a","metadata":{"version":"2"},"draining":true})",
        "order: 1=10.0.0.5:9001 weight 2 zone a {version=2} draining");
  check(R"({"host":"10.0.0.5","port":70000})", "order: 1=10.0.0.5:0");
  for (auto const* const nonsense : {"", "7", "[]", "{}", R"({"port":1})", R"({"addr":"10.0.0.5"})", "\xff\xfe"}) {
    check(nonsense, "");
  }
}

TEST_CASE("keys that are not PREFIX/SERVICE/ID are skipped, and an ID may hold slashes") {
  etcd_keys keys("/services/");
  REQUIRE(keys.take_range(range(kv("/services/order/a/b", "10.0.0.5:1") + "," + kv("/services/order", "10.0.0.5:1") +
                                "," + kv("/services//a", "10.0.0.5:1") + "," + kv("/services/order/", "10.0.0.5:1") +
                                "," + kv("/elsewhere/order/1", "10.0.0.5:1") + R"(,7,{"key":"!"})"))
              .has_value());
  CHECK(text_of(keys.routable()) == "order: a/b=10.0.0.5:1");
  CHECK(keys.skipped() == 6);
}

TEST_CASE("a watch begins behind the range, and its answers change what is known") {
  etcd_keys keys("/services");
  REQUIRE(keys.take_range(range(kv("/services/order/1", "10.0.0.5:1"))).has_value());
  CHECK(keys.revision() == 7);
  CHECK(keys.range_request() == R"({"key":"L3NlcnZpY2VzLw==","range_end":"L3NlcnZpY2VzMA=="})");
  CHECK(keys.watch_request().find(R"("start_revision":"8")") != std::string::npos);
  auto const check_line = [&keys](std::string const& line, news what, std::string const& expected) {
    INFO(line);
    auto const taken = keys.take_line(line);
    REQUIRE(taken.has_value());
    CHECK(*taken == what);
    CHECK(text_of(keys.routable()) == expected);
  };
  auto const one = "order: 1=10.0.0.5:1";
  auto const two = "order: 1=10.0.0.5:1, 2=10.0.0.6:1";
  auto const put = R"(,"events":[{"kv":)" + kv("/services/order/2", "10.0.0.6:1") + "}]";
  check_line(answer(R"(,"created":true)"), news::none, one);
  check_line(answer(put), news::changed, two);
  CHECK(keys.revision() == 7);
  check_line(answer(put), news::none, two);
  check_line(answer(R"(,"events":[{"type":"DELETE","kv":{"key":")" + base64_encode("/services/order/2") +
                    R"(","mod_revision":"8"},"prev_kv":{}}])"),
             news::changed, one);
  check_line(answer(R"(,"events":[{"kv":)" + kv("/services/order/1", "gone mad") + "}]"), news::changed, "");
  check_line(answer(R"(,"canceled":true,"compact_revision":"2")"), news::compacted, "");
}

TEST_CASE("a watch goes on behind the last event that it was told, however far the server is") {
  etcd_keys keys("/services");
  REQUIRE(keys.take_range(range({})).has_value());
  auto const check_line = [&keys](std::string const& revision, std::string const& members, std::int64_t expected) {
    CAPTURE(revision, members);
    REQUIRE(keys.take_line(R"({"result":{"header":{"revision":")" + revision + R"("})" + members + "}}").has_value());
    CHECK(keys.revision() == expected);
  };
  auto const event = [](int revision) { return R"({"kv":)" + kv("/services/order/1", "10.0.0.5:1", revision) + "}"; };
  check_line("20", R"(,"created":true)", 7);
  check_line("20", R"(,"events":[)" + event(9) + "," + event(10) + "]", 10);
  check_line("20", "", 20);
  check_line("30", R"(,"events":[)" + event(12) + "]", 20);
}

TEST_CASE("what is no answer of etcd is an error and changes nothing") {
  etcd_keys keys("/services");
  REQUIRE(keys.take_range(range(kv("/services/order/1", "10.0.0.5:1"))).has_value());
  for (auto const* const text :
       {"", "{}", "[]", "404 page not found", R"({"header":{},"kvs":[]})", R"({"result":7})"}) {
    CHECK(keys.take_range(text).has_error());
    CHECK(keys.take_line(text).has_error());
  }
  auto const told = keys.take_line(R"({"error":{"grpc_code":14,"message":"etcdserver: no leader"}})");
  CHECK(describe(told.error()) == "etcd ends the watch: etcdserver: no leader");
  auto const canceled = keys.take_line(answer(R"(,"canceled":true,"cancel_reason":"permission denied")"));
  REQUIRE(canceled.has_error());
  CHECK(describe(canceled.error()) == "etcd ends the watch: permission denied");
  CHECK(text_of(keys.routable()) == "order: 1=10.0.0.5:1");
}
