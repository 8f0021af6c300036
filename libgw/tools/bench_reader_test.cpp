#include "tools/bench_reader.hpp"

#include "testing/catch.hpp"

using namespace gw;
using namespace gw::tools;

namespace {

bench_reader reader(std::string match, std::string push = {}) {
  bench_plan plan;
  plan.match = std::move(match);
  plan.push = std::move(push);
  return bench_reader(plan);
}

}  // namespace

TEST_CASE("A message and its answer have the same key if the same value stands at the pointer") {
  auto r = reader("/data/id");
  auto const key = [&](std::string_view text) {
    r.read(text);
    return r.key();
  };
  auto const seven = key(R"({"method":"x","data":{"id":7}})");
  REQUIRE(seven.has_value());
  CHECK(key(R"({"data":{"n":1,"id":7},"service":"order"})") == seven);
  CHECK(key(R"({"data":{"id":8}})") != seven);
  CHECK(key(R"({"data":{"id":"\u0041"}})") == key(R"({"data":{"id":"A"}})"));
  CHECK_FALSE(key(R"({"id":7})").has_value());
  CHECK_FALSE(key(R"({"data":{"id":[7]}})").has_value());
  CHECK_FALSE(key("hello").has_value());
}

TEST_CASE("An error frame of the gateway echoes the key below data") {
  auto r = reader("/id");
  r.read(R"({"id":"a"})");
  auto const key = r.key();
  r.read(R"({"method":null,"status":1,"error":{"gw":1,"code":"NO_ROUTE"},"data":{"id":"a"}})");
  CHECK_FALSE(r.key().has_value());
  CHECK(r.echoed_key() == key);
}

TEST_CASE("The time of a push is a whole number of microseconds") {
  auto r = reader("", "/sent_us");
  auto const at = [&](std::string_view text) {
    r.read(text);
    return r.pushed_at_us();
  };
  CHECK(at(R"({"push":1,"sent_us":1700000000000001})") == 1700000000000001);
  CHECK_FALSE(at(R"({"push":1})").has_value());
  CHECK_FALSE(at(R"({"sent_us":1.5})").has_value());
  CHECK_FALSE(at(R"({"sent_us":null})").has_value());
  CHECK(at(R"({"sent_us":9223372036854775})") == 9223372036854775);
  CHECK_FALSE(at(R"({"sent_us":9223372036854776})").has_value());
  CHECK_FALSE(at(R"({"sent_us":-1})").has_value());
}
