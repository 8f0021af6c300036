#include "core/units.hpp"

#include "testing/catch.hpp"

#include <optional>

using namespace std::chrono_literals;

namespace {

std::string complaint(auto const& parsed) {
  return parsed ? std::string("(fine)") : parsed.error().context;
}

void check_duration(std::string_view text, std::chrono::milliseconds expected) {
  CAPTURE(text);
  auto const parsed = gw::parse_duration(text);
  REQUIRE(parsed.has_value());
  CHECK(*parsed == expected);
}

void check_size(std::string_view text, std::size_t expected) {
  CAPTURE(text);
  auto const parsed = gw::parse_size(text);
  REQUIRE(parsed.has_value());
  CHECK(*parsed == expected);
}

void check_rate(std::string_view text, gw::rate expected) {
  CAPTURE(text);
  auto const parsed = gw::parse_rate(text);
  REQUIRE(parsed.has_value());
  CHECK(*parsed == expected);
}

}  // namespace

TEST_CASE("durations are read with their units") {
  check_duration("0", 0ms);
  check_duration("0s", 0ms);
  check_duration("10ms", 10ms);
  check_duration("5s", 5s);
  check_duration("2m", 2min);
  check_duration("1h", 1h);
  check_duration("1m30s", 90s);
  check_duration("1h2m3s4ms", 1h + 2min + 3s + 4ms);
}

TEST_CASE("a wrong duration is told how to be right") {
  auto const check = [](std::string_view text, std::string_view expected) {
    CHECK(complaint(gw::parse_duration(text)) == expected);
  };
  check("10", R"('10' needs a unit; write "10ms", "10s", "10m" or "10h")");
  check("", R"('' is not a duration; write "10ms", "10s", "10m" or "10h")");
  check("soon", R"('soon' is not a duration; write "10ms", "10s", "10m" or "10h")");
  check("-1s", R"('-1s' is not a duration; write "10ms", "10s", "10m" or "10h")");
  check("5 s", R"('5 s' has an unknown unit ' s'; write "5ms", "5s", "5m" or "5h")");
  check("5sec", R"('5sec' has an unknown unit 'sec'; write "5ms", "5s", "5m" or "5h")");
  check("1.5s", R"('1.5s' has an unknown unit '.'; write "1ms", "1s", "1m" or "1h")");
  check("1s1m", "'1s1m' must name its units from large to small, each once");
  check("1s1s", "'1s1s' must name its units from large to small, each once");
  check("99999999999999999h", "'99999999999999999h' is too large");
  check("9999999h", "'9999999h' is too large");
  check("99999999999999999999999h",
        R"('99999999999999999999999h' is not a duration; write "10ms", "10s", "10m" or "10h")");
}

TEST_CASE("short times are read and written in microseconds") {
  auto const check = [](std::string_view text, std::chrono::microseconds expected) {
    CHECK(gw::parse_moment(text).value() == expected);
    CHECK(gw::moment_text(expected) == text);
  };
  check("0", 0us);
  check("50us", 50us);
  check("1ms500us", 1500us);
  CHECK(complaint(gw::parse_moment("50")) == R"('50' needs a unit; write "50us" or "50ms")");
  CHECK(complaint(gw::parse_moment("1s")) == R"('1s' has an unknown unit 's'; write "1us" or "1ms")");
}

TEST_CASE("sizes are read with their units") {
  check_size("0", 0);
  check_size("512B", 512);
  check_size("64KiB", 65'536);
  check_size("4MB", 4'000'000);
  check_size("1GiB", 1'073'741'824);
  check_size("1KB", 1'000);
}

TEST_CASE("a wrong size is told how to be right") {
  auto const check = [](std::string_view text, std::string_view expected) {
    CHECK(complaint(gw::parse_size(text)) == expected);
  };
  check("64", R"('64' needs a unit; write "64B", "64KiB" or "64MB")");
  check("64k", R"('64k' has an unknown unit 'k'; write "64B", "64KiB" or "64MB")");
  check("much", R"('much' is not a size; write "10B", "10KiB" or "10MB")");
  check("9999999999999GiB", "'9999999999999GiB' is too large");
}

TEST_CASE("rates are read as a count in a time") {
  check_rate("200/s", {200, 1s});
  check_rate("20/10s", {20, 10s});
  check_rate("5/m", {5, 1min});
  CHECK(complaint(gw::parse_rate("200")) == R"('200' is not a rate; write "200/s" or "20/10s")");
  CHECK(complaint(gw::parse_rate("200/x")) == R"('200/x' is not a rate; write "200/s" or "20/10s")");
  CHECK(complaint(gw::parse_rate("x/s")) == R"('x/s' is not a rate; write "200/s" or "20/10s")");
  CHECK(complaint(gw::parse_rate("1/0")) == "'1/0' counts in no time at all");
  CHECK(complaint(gw::parse_rate("1/2")) == R"('1/2' is not a rate; write "200/s" or "20/10s")");
}

TEST_CASE("quantities are written in the form that reads back as the same value") {
  for (auto const value : {0ms, 1ms, 999ms, 1000ms, 90'000ms, 3'600'000ms, 86'400'001ms}) {
    check_duration(gw::duration_text(value), value);
  }
  for (std::size_t const value : {0UL, 1UL, 1000UL, 1024UL, 65'536UL, 1'000'000UL, 1'048'577UL}) {
    check_size(gw::size_text(value), value);
  }
  CHECK(gw::duration_text(90s) == "1m30s");
  CHECK(gw::size_text(65'536) == "64KiB");
  CHECK(gw::size_text(4'000'000) == "4MB");
  CHECK(gw::size_text(1'048'577) == "1048577B");
  CHECK(gw::rate_text({200, 1s}) == "200/s");
  CHECK(gw::rate_text({20, 10s}) == "20/10s");
  CHECK(gw::rate_text({20, 1500ms}) == "20/1s500ms");
}
