// The decoder on Close frames, after RFC 6455 sections 5.5.1 and 7.4 and the public Autobahn section 7.
#include "wire/close_code.hpp"
#include "wire/decoder_rows.hpp"

#include <string>

namespace gw::wire {
namespace {

using namespace rows;
using enum opcode;

std::string payload(unsigned code, std::string const& reason = "") {
  std::string bytes{static_cast<char>(code >> 8U), static_cast<char>(code & 0xFFU)};
  return bytes + reason;
}

TEST_CASE("a close is the last thing a decoder tells (Autobahn 7.1)") {
  check({
      {"7.1.1 after a message", {{text, "Hello"}, {close, payload(1000)}}, {"text Hello", "close 1000"}},
      {"7.1.2 two closes", {{close, payload(1000)}, {close, payload(1001)}}, {"close 1000"}},
      {"7.1.3 ping after", {{close, payload(1000)}, {ping, "p"}}, {"close 1000"}},
      {"7.1.4 text after", {{close, payload(1000)}, {text, "late"}}, {"close 1000"}},
      {"garbage after", {{close, payload(1000)}, {static_cast<opcode>(7), "x", false, 7}}, {"close 1000"}},
      {"7.1.5 between fragments",
       {{text, "a", false}, {close, payload(1000)}, {continuation, "b"}},
       {"close 1000", "unfinished text a"}},
  });
}

TEST_CASE("close payloads are judged (Autobahn 7.3)") {
  std::string const longest(123, '*');
  check({
      {"7.3.1 empty", {{close, ""}}, {"close 1005"}},
      {"7.3.2 one byte", {{close, "a"}}, {"violation 1002"}},
      {"7.3.3 code only", {{close, payload(1000)}}, {"close 1000"}},
      {"7.3.4 reason", {{close, payload(1000, "Hello World!")}}, {"close 1000 Hello World!"}},
      {"7.3.5 longest reason", {{close, payload(1000, longest)}}, {"close 1000 " + longest}},
      {"7.3.6 too long", {{close, payload(1000, longest + "*")}}, {"violation 1002"}},
      {"reason in Greek", {{close, payload(1001, "\xce\xba\xe1\xbd\xb9")}}, {"close 1001 \xce\xba\xe1\xbd\xb9"}},
      {"7.5.1 bad UTF-8 reason",
       {{close, payload(1000,
                        "\xce\xba\xed\xa0\x80"
                        "edited")}},
       {"violation 1007"}},
      {"reason cut inside a code point", {{close, payload(1000, "abc\xce")}}, {"violation 1007"}},
      {"bad code and bad reason", {{close, payload(999, "\xff")}}, {"violation 1002"}},
  });
}

TEST_CASE("what stands behind a close of one byte is not taken for its code") {
  check_bytes(role::client, "\x88\x01\x03\xe8", {"violation 1002"});
}

TEST_CASE("valid close codes are told (Autobahn 7.7)") {
  for (unsigned const code : {1000U, 1001U, 1002U, 1003U, 1007U, 1008U, 1009U, 1011U, 1012U, 1013U, 1014U, 3000U, 3008U,
                              3999U, 4000U, 4008U, 4999U}) {
    check({"code " + std::to_string(code), {{close, payload(code)}}, {"close " + std::to_string(code)}});
  }
}

TEST_CASE("close codes that are never on the wire are refused (Autobahn 7.9)") {
  for (unsigned const code : {0U, 1U, 999U, 1004U, 1005U, 1006U, 1015U, 1016U, 1100U, 2000U, 2999U, 5000U, 65'535U}) {
    check({{"code " + std::to_string(code), {{close, payload(code)}}, {"violation 1002"}},
           {"with a reason", {{close, payload(code, "why")}}, {"violation 1002"}}});
  }
}

TEST_CASE("1010 comes from clients only") {
  check_bytes(role::server, encode({close, payload(1010)}, role::server), {"close 1010"});
  check_bytes(role::client, encode({close, payload(1010)}, role::client), {"violation 1002"});
}

}  // namespace
}  // namespace gw::wire
