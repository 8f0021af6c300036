#include "tools/ledger.hpp"

#include "testing/catch.hpp"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

using namespace gw::tools;

namespace {

constexpr ledger_stamp stamp = {.run = "r-1", .client = 17, .session = 2, .service = "order", .n = 9000000001};

std::string line_of(std::optional<ledger_stamp> const& s) {
  return s ? ledger_line(*s, "order-2", "4711-5") : "nothing";
}

}  // namespace

TEST_CASE("A stamp is read as it was written, whatever the padding") {
  for (std::size_t const padding : {0U, 1U, 1000U, 70000U}) {
    CAPTURE(padding);
    auto const text = make_stamped(stamp, padding);
    CHECK(line_of(read_stamped(text)) == "r-1 17 2 order 9000000001 order-2 4711-5\n");
    CHECK(text.size() == make_stamped(stamp, 0).size() + padding);
  }
}

TEST_CASE("A stamped message is routed by its method and is JSON") {
  CHECK(make_stamped({.run = "r", .client = 1, .session = 1, .service = "a", .n = 1}, 2) ==
        R"({"method":"/api/v1/a/ledger","data":{"run":"r","client":1,"session":1,"service":"a","n":1,"pad":"xx")"
        R"(,"crc":"14f09ff7"}})");
}

TEST_CASE("No flipped bit of a stamp or of an answer goes unnoticed") {
  auto const text = make_stamped(stamp, 3);
  auto const ack = make_ack({.service = "order", .instance = "order-1", .client = 17, .session = 2, .n = 5});
  REQUIRE(read_ack(ack).has_value());
  for (auto const& [whole, is_stamp] : {std::pair(text, true), std::pair(ack, false)}) {
    for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
      auto flipped = whole;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
      CAPTURE(flipped);
      REQUIRE((is_stamp ? read_stamped(flipped).has_value() : read_ack(flipped).has_value()) == false);
    }
    REQUIRE((is_stamp ? read_stamped(whole.substr(1)).has_value() : read_ack(whole.substr(1)).has_value()) == false);
  }
}

TEST_CASE("An answer is read as it was written") {
  auto const text = make_ack({.service = "order", .instance = "order-1", .client = 17, .session = 2, .n = 5});
  auto const ack = read_ack(text);
  REQUIRE(ack);
  CHECK(ack->service == "order");
  CHECK(ack->instance == "order-1");
  CHECK(ack->client == 17);
  CHECK(ack->session == 2);
  CHECK(ack->n == 5);
  CHECK_FALSE(read_stamped(text));
  CHECK_FALSE(read_ack(make_stamped(stamp, 0)));
}

TEST_CASE("Two ledgers of one file write behind each other") {
  std::string path = "/tmp/wsgw-ledger-XXXXXX";
  gw::net::unique_fd const made(::mkstemp(path.data()));
  REQUIRE(made);
  for (auto const* const line : {"a\n", "b\n"}) {
    auto const book = ledger::open(path);
    REQUIRE(book.has_value());
    REQUIRE((*book)->append(line).has_value());
    CHECK((*book)->name_connection() != (*book)->name_connection());
  }
  std::ifstream file(path);
  CHECK(std::string(std::istreambuf_iterator<char>(file), {}) == "a\nb\n");
  std::remove(path.c_str());
}

TEST_CASE("A ledger that cannot be written says so") {
  CHECK_FALSE(ledger::open("/nowhere/ledger").has_value());
  auto const full = ledger::open("/dev/full");
  REQUIRE(full.has_value());
  CHECK_FALSE((*full)->append("a\n").has_value());
}
