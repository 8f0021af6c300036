#include "discovery/judge.hpp"

#include "testing/catch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace {

using gw::discovery::catalogue;
using gw::discovery::judge;
using gw::discovery::matches_pattern;
using gw::discovery::name_of;
using gw::discovery::offer;

gw::config::discovery settings() {
  return {.name = "test"};
}

std::vector<gw::discovery::wanted_service> order_is_wanted() {
  return {{.name = "order", .id = "order"}};
}

offer at(std::string host, std::uint16_t port) {
  offer o;
  o.host = std::move(host);
  o.port = port;
  return o;
}

/// The reason why one offer is refused, or "accepted".
std::string verdict(offer const& o, gw::config::discovery const& by = settings()) {
  judge const judged(by, order_is_wanted(), false,
                     {{*gw::config::parse_ip("192.0.2.1"), 8080}, {*gw::config::parse_ip("fd00::1"), 8080}});
  auto const made = judged({{"order", {o}}});
  if (made.refused.empty()) return made.accepted.at("order") == std::vector{o} ? "accepted" : "changed";
  CHECK(made.accepted.at("order").empty());
  return std::string(name_of(made.refused.front().why));
}

}  // namespace

TEST_CASE("an offer is refused for the first thing that is wrong with it") {
  auto const check = [](offer const& o, std::string_view expected) {
    CAPTURE(o.host, o.port);
    CHECK(verdict(o) == expected);
  };
  check(at("10.0.0.5", 9001), "accepted");
  check(at("fd00::5", 9001), "accepted");
  check(at("orders.internal", 9001), "accepted");
  check(at("10.0.0.5", 0), "port");
  check(at("", 9001), "host");
  check(at("300.1.1.1", 9001), "host");
  check(at("a\r\nHost: b", 9001), "host");
  check(at("a b", 9001), "host");
  check(at(std::string(254, 'a'), 9001), "host");
  check(at("[::1]", 9001), "host");
  check(at("127.0.0.1", 9001), "address");
  check(at("::1", 9001), "address");
  check(at("::ffff:127.0.0.1", 9001), "address");
  check(at("0.0.0.0", 9001), "address");
  check(at("::", 9001), "address");
  check(at("169.254.169.254", 80), "address");
  check(at("fe80::1", 80), "address");
  check(at("224.0.0.1", 80), "address");
  check(at("ff02::1", 80), "address");
  check(at("192.0.2.1", 8080), "address");
  check(at("fd00::1", 8080), "address");
  check(at("192.0.2.1", 8081), "accepted");

  auto weightless = at("10.0.0.5", 9001);
  weightless.weight = 0;
  check(weightless, "weight");
  auto zoned = at("10.0.0.5", 9001);
  zoned.zone = "a\nb";
  check(zoned, "text");
  auto described = at("10.0.0.5", 9001);
  described.metadata["k"] = std::string(257, 'v');
  check(described, "text");
  described.metadata["k"] = "v";
  check(described, "accepted");
  for (int i = 0; i < 64; ++i) described.metadata["k" + std::to_string(i)] = "v";
  check(described, "text");
}

TEST_CASE("networks say where addresses lie, and then special ones may be among them") {
  auto by = settings();
  by.networks = {"127.0.0.0/8", "10.1.0.0/16"};
  CHECK(verdict(at("127.0.0.1", 9001), by) == "accepted");
  CHECK(verdict(at("10.1.2.3", 9001), by) == "accepted");
  CHECK(verdict(at("10.2.2.3", 9001), by) == "address");
  CHECK(verdict(at("::1", 9001), by) == "address");
  judge const judged(by, {}, false, {});
  CHECK(judged.admits("10.1.0.9", 9001));
  CHECK_FALSE(judged.admits("10.2.0.9", 9001));
  CHECK_FALSE(judged.admits("nonsense", 9001));
}

TEST_CASE("where the gateway itself listens is admitted only as one of the networks") {
  std::vector<gw::discovery::own_address> const own = {{*gw::config::parse_ip("10.1.0.9"), 8080}};
  judge const careful(settings(), {}, false, own);
  CHECK_FALSE(careful.admits("10.1.0.9", 8080));
  CHECK(careful.admits("10.1.0.9", 8081));
  auto by = settings();
  by.networks = {"10.1.0.0/16"};
  CHECK(judge(by, {}, false, own).admits("10.1.0.9", 8080));
}

TEST_CASE("the same address counts once, and more than anybody has does not count") {
  judge const judged(settings(), order_is_wanted(), false, {});
  auto const twice = judged({{"order", {at("10.0.0.5", 9001), at("10.0.0.5", 9001), at("10.0.0.5", 9002)}}});
  CHECK(twice.accepted.at("order").size() == 2);
  REQUIRE(twice.refused.size() == 1);
  CHECK(twice.refused[0] == gw::discovery::refused_offer{"order", "10.0.0.5:9001", gw::discovery::refusal::duplicate});

  auto const spelled =
      judged({{"order", {at("fd00::5", 1), at("FD00:0::5", 1), at("::ffff:10.0.0.5", 1), at("10.0.0.5", 1)}}});
  CHECK(spelled.accepted.at("order").size() == 2);
  CHECK(spelled.refused.size() == 2);

  std::vector<offer> many;
  for (std::size_t i = 0; i < judge::most_instances + 3; ++i)
    many.push_back(at("10.0.0.5", static_cast<std::uint16_t>(i + 1)));
  auto const bounded = judged({{"order", many}});
  CHECK(bounded.accepted.at("order").size() == judge::most_instances);
  CHECK(bounded.refused.size() == 3);
}

TEST_CASE("a source may name so many hosts, and no more") {
  std::vector<offer> named;
  for (std::size_t i = 0; i <= judge::most_hosts; ++i) named.push_back(at("host-" + std::to_string(i), 1));
  named.push_back(at("host-0", 2));
  named.push_back(at("10.0.0.1", 1));
  judge const judged(settings(), order_is_wanted(), false, {});
  auto const made = judged({{"order", named}});
  CHECK(made.accepted.at("order").size() == judge::most_hosts + 2);
  CHECK(made.refused == std::vector<gw::discovery::refused_offer>{
                            {"order", fmt::format("host-{}:1", judge::most_hosts), gw::discovery::refusal::too_many}});
}

TEST_CASE("services are known by the name the gateway uses, and nobody else's are taken") {
  catalogue const listed = {{"ORDER-V2", {at("10.0.0.1", 1)}}, {"billing", {at("10.0.0.2", 1)}}};
  judge const exact(settings(), {{.name = "order", .id = "ORDER-V2"}}, false, {});
  CHECK(exact(listed).accepted == catalogue{{"order", {at("10.0.0.1", 1)}}});
  CHECK(exact(listed).refused.empty());
  judge const other(settings(), {{.name = "order", .id = "order-v2"}}, false, {});
  CHECK(other(listed).accepted.empty());
  judge const folded(settings(), {{.name = "order", .id = "order-v2"}}, true, {});
  CHECK(folded(listed).accepted == catalogue{{"order", {at("10.0.0.1", 1)}}});
}

TEST_CASE("any service is one that a pattern allows, none denies, and that has a lawful name") {
  auto by = settings();
  by.any_service = true;
  by.allow = {"shop-*", "or*r", "bad*"};
  by.deny = {"*-admin"};
  judge const judged(by, {}, false, {});
  auto const made = judged({{"shop-cart", {at("10.0.0.1", 1)}},
                            {"shop-admin", {at("10.0.0.2", 1)}},
                            {"order", {}},
                            {"payments", {at("10.0.0.3", 1)}},
                            {"bad..name", {at("10.0.0.4", 1)}}});
  CHECK(made.accepted == catalogue{{"order", {}}, {"shop-cart", {at("10.0.0.1", 1)}}});
  REQUIRE(made.refused.size() == 1);
  CHECK(made.refused[0].service == "bad..name");
  CHECK(made.refused[0].why == gw::discovery::refusal::name);
}

TEST_CASE("two services with one id get the same instances") {
  judge const judged(settings(), {{.name = "order", .id = "shop"}, {.name = "user", .id = "shop"}}, false, {});
  std::vector<offer> const there = {at("10.0.0.1", 1)};
  CHECK(judged({{"shop", there}}).accepted == catalogue{{"order", there}, {"user", there}});
}

TEST_CASE("a service with an id of its own is not the one that the source calls by its name") {
  auto by = settings();
  by.any_service = true;
  by.allow = {"*"};
  judge const judged(by, {{.name = "alpha", .id = "zulu"}}, false, {});
  catalogue const listed = {
      {"alpha", {at("10.0.0.1", 1)}}, {"bravo", {at("10.0.0.2", 1)}}, {"zulu", {at("10.0.0.3", 1)}}};
  CHECK(judged(listed).accepted == catalogue{{"alpha", {at("10.0.0.3", 1)}}, {"bravo", {at("10.0.0.2", 1)}}});
}

TEST_CASE("weights keep their proportions and the zone of the source fills gaps") {
  auto by = settings();
  by.zone = "z";
  judge const judged(by, order_is_wanted(), false, {});
  auto heavy = at("10.0.0.1", 1);
  heavy.weight = 65'000;
  heavy.zone = "own";
  auto half = at("10.0.0.2", 1);
  half.weight = 32'500;
  auto light = at("10.0.0.3", 1);
  auto const made = judged({{"order", {light, heavy, half}}});
  auto const& got = made.accepted.at("order");
  REQUIRE(got.size() == 3);
  CHECK(got[0].weight == 1000);
  CHECK(got[1].weight == 500);
  CHECK(got[2].weight == 1);
  CHECK(got[0].zone == "own");
  CHECK(got[1].zone == "z");
}

TEST_CASE("what is told of a refused offer cannot break a line") {
  judge const judged(settings(), order_is_wanted(), false, {});
  auto const made = judged({{"order", {at("a\r\nb", 1)}}});
  REQUIRE(made.refused.size() == 1);
  CHECK(made.refused[0].address == "a??b:1");
}

TEST_CASE("a star stands for any characters") {
  auto const check = [](std::string_view pattern, std::string_view text, bool expected) {
    CAPTURE(pattern, text);
    CHECK(matches_pattern(pattern, text) == expected);
  };
  check("", "", true);
  check("*", "", true);
  check("*", "abc", true);
  check("abc", "abc", true);
  check("abc", "abcd", false);
  check("a*c", "abbc", true);
  check("a*c", "abcb", false);
  check("*ab*ab", "abxabab", true);
  check("a**", "a", true);
  check("a*b*c", "aXbYbZc", true);
}
