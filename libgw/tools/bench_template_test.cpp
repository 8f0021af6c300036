#include "tools/bench_template.hpp"

#include "testing/catch.hpp"

#include <set>

using namespace gw;
using namespace gw::tools;

namespace {

csv_table const& people() {
  static csv_table const table = *csv_table::parse("user,token\nann,t1\nbob,t22\n");
  return table;
}

bench_template parsed(std::string_view text) {
  auto made = bench_template::parse(text, "order", &people());
  REQUIRE(made.has_value());
  return std::move(*made);
}

std::string filled(bench_template const& from, bench_blanks const& with, bench_random& random) {
  std::string text(from.most(), '#');
  text.resize(from.fill(text.data(), with, random));
  return text;
}

void check(std::string_view text, std::string_view expected, bool fixed = false) {
  CAPTURE(text);
  bench_random random(1);
  auto const made = parsed(text);
  CHECK(made.is_fixed() == fixed);
  CHECK(filled(made, {.connection = 7, .n = 12, .next = 2}, random) == expected);
  if (fixed) CHECK(made.text() == expected);
}

void check_fault(std::string_view text, std::string_view expected) {
  CAPTURE(text);
  auto const made = bench_template::parse(text, "order", &people());
  REQUIRE_FALSE(made.has_value());
  CHECK(made.error().code == errc::bad_usage);
  CHECK(made.error().context == expected);
}

}  // namespace

TEST_CASE("blanks of a message are filled in") {
  check("", "", true);
  check(R"({"method":"/api/v1/{service}/get"})", R"({"method":"/api/v1/order/get"})", true);
  check(R"({"id":{n},"of":{connection}})", R"({"id":12,"of":7})");
  check("{n}{n}-{service}", "1212-order");
  check("{csv:user} has {next:token}", "bob has t1");
  check("{stamp}", "000007000000000c");
  check("{random:5:5}", "5");
}

TEST_CASE("braces that hold no word stand for themselves, and two in front are one") {
  check(R"({"a":{"b":{}}})", R"({"a":{"b":{}}})", true);
  check("{{n}", "{n}", true);
  check("{{{n}}", "{12}");
  check("{", "{", true);
  check("{n", "{n", true);
  check(R"({a:'x',"b":1})", R"({a:'x',"b":1})", true);
  check("{1}", "{1}", true);
}

TEST_CASE("a word that nothing is known to fill in for is a fault that says how to write it") {
  check_fault("{servise}",
              "nothing is known to fill in for {servise}; did you mean 'service'?; a brace itself is written {{");
  check_fault("{n:1}", "{n:1} is written {n}");
  check_fault("{random}", "{random} is written {random:1:1000}");
  check_fault("{random:9:1}", "{random:9:1} is written {random:1:1000}, the least number first");
  check_fault("{random:1}", "{random:1} is written {random:1:1000}, the least number first");
  check_fault("{csv:usr}", "the CSV file has no column 'usr'; did you mean 'user'?");
  auto const without = bench_template::parse("{csv:user}", "order", nullptr);
  REQUIRE_FALSE(without.has_value());
  CHECK(without.error().context == "the column 'user' needs --csv FILE");
}

TEST_CASE("random numbers reach both ends of their range and no further") {
  auto const made = parsed("{random:1:6}");
  bench_random random(42);
  std::set<std::string> seen;
  for (int i = 0; i < 200; ++i) seen.insert(filled(made, {}, random));
  CHECK(seen == std::set<std::string>{"1", "2", "3", "4", "5", "6"});
  CHECK_FALSE(filled(parsed("{random:0:18446744073709551615}"), {}, random).empty());
}

TEST_CASE("UUIDs are of version 4 and differ") {
  auto const made = parsed("{uuid}");
  bench_random random(42);
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    auto const uuid = filled(made, {}, random);
    REQUIRE(uuid.size() == 36);
    CHECK(uuid.find_first_not_of("0123456789abcdef-") == uuid.npos);
    CHECK((uuid[8] == '-' && uuid[13] == '-' && uuid[18] == '-' && uuid[23] == '-'));
    CHECK(uuid[14] == '4');
    CHECK(std::string_view("89ab").find(uuid[19]) != std::string_view::npos);
    seen.insert(uuid);
  }
  CHECK(seen.size() == 100);
}

TEST_CASE("what is filled in never has more bytes than the template says") {
  auto const made =
      parsed("{n}{connection}{random:0:18446744073709551615}{uuid}{stamp}{time_us}{csv:token}{next:user}x");
  bench_random random(7);
  auto const greatest = ~std::uint64_t{0};
  for (std::uint64_t row = 0; row < 4; ++row)
    CHECK(filled(made, {.connection = greatest - row, .n = greatest, .next = row}, random).size() <= made.most());
}
