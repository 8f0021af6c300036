#include "wire/close_code.hpp"

#include "testing/catch.hpp"
#include "wire/utf8.hpp"

#include <set>
#include <string>

namespace gw::wire {
namespace {

using std::string_literals::operator""s;

TEST_CASE("the codes that may be sent are those of RFC 6455 section 7.4 and the IANA registry") {
  std::set<unsigned> const low = {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1011, 1012, 1013, 1014};
  for (unsigned code = 0; code <= 0xFFFF; ++code) {
    bool const expected = low.contains(code) || (code >= 3000 && code <= 4999);
    auto const number = static_cast<std::uint16_t>(code);
    if (is_valid_on_wire(number, role::server) != expected) FAIL_CHECK("from a server: " << code);
    if (is_valid_on_wire(number, role::client) != (expected || code == 1010)) FAIL_CHECK("from a client: " << code);
  }
}

TEST_CASE("a close payload is the code in network order and the reason") {
  CHECK(make_close_payload(close_code::normal, "", role::server) == "\x03\xe8");
  CHECK(make_close_payload(close_code::going_away, "bye", role::server) ==
        "\x03\xe9"
        "bye");
  CHECK(make_close_payload(close_code::flood, "", role::server) == "\x0f\xbd");
  CHECK(make_close_payload(static_cast<close_code>(4999), "own", role::server) == "\x13\x87own");
}

TEST_CASE("codes that are never on the wire give an empty payload") {
  for (close_code const code : {close_code::none, close_code::no_status, close_code::abnormal,
                                static_cast<close_code>(1004), static_cast<close_code>(1015)}) {
    CHECK(make_close_payload(code, "why", role::server).empty());
  }
}

TEST_CASE("1010 is what a client may say and a server may not") {
  CHECK(make_close_payload(close_code::mandatory_extension, "", role::client) == "\x03\xf2");
  CHECK(make_close_payload(close_code::mandatory_extension, "why", role::server).empty());
}

TEST_CASE("a long reason is cut at the boundary of a code point") {
  auto const check = [](std::string const& reason, std::size_t kept) {
    std::string const payload = make_close_payload(close_code::internal_error, reason, role::server);
    CHECK(payload.substr(2) == reason.substr(0, kept));
    CHECK(payload.size() <= max_control_payload);
    CHECK(is_utf8(payload.substr(2)));
  };
  check(std::string(123, 'a'), 123);
  check(std::string(124, 'a'), 123);
  check(std::string(121, 'a') + "\xc3\xa4", 123);
  check(std::string(122, 'a') + "\xc3\xa4", 122);
  check(std::string(122, 'a') + "\xe4\xbd\xa0", 122);
  check(std::string(121, 'a') + "\xf0\x9f\x98\x80", 121);
  check(std::string(120, 'a') + "\xf0\x9f\x98\x80", 120);
  check(std::string(119, 'a') + "\xf0\x9f\x98\x80" + "b", 123);
}

}  // namespace
}  // namespace gw::wire
