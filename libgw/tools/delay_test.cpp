#include "tools/delay.hpp"

#include "testing/catch.hpp"

#include <algorithm>
#include <vector>

using namespace gw::tools;

namespace {

/// The text that delay_text() makes of it, or the complaint up to how it is written.
void check(std::string_view text, std::string_view expected) {
  CAPTURE(text);
  auto const parsed = parse_delay(text);
  auto const got = parsed ? delay_text(*parsed) : parsed.error().context;
  CHECK(got.substr(0, got.find("; write 50ms")) == expected);
  if (parsed) CHECK(parse_delay(got).value() == *parsed);
}

/// Milliseconds, sorted.
std::vector<double> drawn(std::string_view text, std::size_t count) {
  auto const from = parse_delay(text).value();
  std::mt19937_64 random(7);
  std::vector<double> all;
  for (std::size_t i = 0; i < count; ++i) {
    all.push_back(std::chrono::duration<double, std::milli>(from.draw(random)).count());
  }
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace

TEST_CASE("A delay is written as a time, a range, a middle, a mean or a median with its tail") {
  check("50ms", "50ms");
  check("0", "0");
  check("1s", "1s");
  check("5ms..20ms", "5ms..20ms");
  check("5ms±2ms", "3ms..7ms");
  check("5ms +- 2ms", "3ms..7ms");
  check("normal(5ms,2ms)", "normal(5ms,2ms)");
  check("normal(5ms, 2ms)", "normal(5ms,2ms)");
  check("5ms p99 80ms", "5ms p99 80ms");
}

TEST_CASE("A delay that cannot be is refused with its reason") {
  check("20ms..5ms", "'20ms..5ms' is not a delay: the first is the larger one");
  check("5ms±6ms", "'5ms±6ms' is not a delay: it would go below 0");
  check("normal(5ms)", "'normal(5ms)' is not a delay: a mean and a deviation with ',' between them are missing");
  check("normal(5ms,2ms", "'normal(5ms,2ms' is not a delay: a ')' is missing");
  check("80ms p99 5ms", "'80ms p99 5ms' is not a delay: the 99th percentile lies above the median, and that above 0");
  check("0 p99 5ms", "'0 p99 5ms' is not a delay: the 99th percentile lies above the median, and that above 0");
  check("2h", "'2h' is not a delay: an hour is the longest");
  for (std::string_view const text : {"", "50", "ms", "..", "5ms..", "normal(,)", "5 p99 6ms"}) {
    CHECK_FALSE(parse_delay(text).has_value());
  }
}

TEST_CASE("What is drawn from a delay follows its distribution") {
  CHECK(drawn("50ms", 10) == std::vector<double>(10, 50.0));
  auto const range = drawn("5ms..20ms", 10'000);
  CHECK(range.front() >= 5);
  CHECK(range.back() <= 20);
  CHECK(range[5'000] == Approx(12.5).margin(0.5));
  auto const normal = drawn("normal(5ms,2ms)", 10'000);
  CHECK(normal.front() >= 0);
  CHECK(normal[5'000] == Approx(5).margin(0.2));
  CHECK(normal[8'413] == Approx(7).margin(0.3));
  auto const tail = drawn("5ms p99 80ms", 10'000);
  CHECK(tail[5'000] == Approx(5).margin(0.3));
  CHECK(tail[9'900] == Approx(80).margin(12));
}

TEST_CASE("The same seed draws the same delays") {
  CHECK(drawn("5ms p99 80ms", 100) == drawn("5ms p99 80ms", 100));
}
