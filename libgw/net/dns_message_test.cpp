#include "net/dns_message.hpp"

#include "testing/catch.hpp"
#include "testing/dns_double.hpp"

#include <string>

using namespace std::chrono_literals;

namespace {

using gw::net::dns_type;
using gw::net::read_dns_answer;
using gw::testing::dns_double;

std::string word(std::uint32_t value) {
  return dns_double::word(value);
}

std::string head(std::uint32_t answers) {
  return word(1) + word(0x8180) + word(1) + word(answers) + word(0) + word(0) + dns_double::wire_name("a.test") +
         word(1) + word(1);
}

std::string record(std::uint32_t type, std::uint32_t ttl, std::string const& content) {
  return word(0xc00c) + word(type) + word(1) + word(0) + word(ttl) + word(static_cast<std::uint32_t>(content.size())) +
         content;
}

gw::result<gw::net::dns_answer> read(std::string const& message, dns_type asked) {
  return read_dns_answer({reinterpret_cast<unsigned char const*>(message.data()), message.size()}, asked);
}

}  // namespace

TEST_CASE("aliases on the way are passed over, but bound the time an answer is good for") {
  auto const answer =
      read(head(2) + record(5, 3, dns_double::wire_name("b.test")) + record(1, 60, "\n\1\1\1"), dns_type::a);
  REQUIRE(answer.has_value());
  REQUIRE(answer->records.size() == 1);
  CHECK(answer->records[0].target == "10.1.1.1");
  CHECK(answer->good_for == 3s);
}

TEST_CASE("an answer without records of the kind is empty") {
  auto const answer = read(head(0), dns_type::srv);
  REQUIRE(answer.has_value());
  CHECK(answer->records.empty());
}

TEST_CASE("an answer that is cut anywhere is refused") {
  auto const whole = head(2) + record(33, 30, word(1) + word(2) + word(3) + dns_double::wire_name("h.test")) +
                     record(33, 30, word(1) + word(2) + word(3) + "\xc0\x0c");
  auto const read_whole = read(whole, dns_type::srv);
  REQUIRE(read_whole.has_value());
  CHECK(read_whole->records[1].target == "a.test");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(read(whole.substr(0, size), dns_type::srv).has_value());
  }
}

TEST_CASE("an address of another size, and a name that points at itself, are refused") {
  CHECK_FALSE(read(head(1) + record(1, 30, "abc"), dns_type::a).has_value());
  auto const own_place = 0xc000 + static_cast<std::uint32_t>(head(1).size());
  CHECK_FALSE(read(head(1) + word(own_place) + word(1) + word(1) + word(0) + word(1) + word(4) + "abcd", dns_type::a)
                  .has_value());
}
