// RSV1 where permessage-deflate was agreed on (RFC 7692 section 6; RELIABILITY B29). What is in it is not looked at.
#include "wire/decoder_rows.hpp"

#include <string>

namespace gw::wire {
namespace {

using namespace rows;
using enum opcode;

constexpr std::uint8_t rsv1 = 4;

TEST_CASE("the first frame says that a message is compressed") {
  check({
      {"in one frame", {{text, "abc", true, rsv1}}, {"compressed text abc"}, 0, true},
      {"empty", {{binary, "", true, rsv1}}, {"compressed binary"}, 0, true},
      {"in fragments, with a ping between them",
       {{text, "a", false, rsv1}, {ping, "p"}, {continuation, "b", false}, {continuation, "c"}},
       {"ping p", "compressed text abc"},
       0,
       true},
      {"each message for itself",
       {{text, "a", true, rsv1}, {text, "b"}, {binary, "c", false}, {continuation, "d"}, {binary, "e", true, rsv1}},
       {"compressed text a", "text b", "binary cd", "compressed binary e"},
       0,
       true},
  });
}

TEST_CASE("compressed bytes need not be UTF-8, and the text behind them still must") {
  check({
      {"compressed", {{text, "\xFF\x80", true, rsv1}}, {"compressed text \xFF\x80"}, 0, true},
      {"in fragments", {{text, "\xFF", false, rsv1}, {continuation, "\xC3"}}, {"compressed text \xFF\xC3"}, 0, true},
      {"the next one",
       {{text, "\xFF", true, rsv1}, {text, "\xFF"}},
       {"compressed text \xFF", "violation 1007"},
       0,
       true},
  });
}

TEST_CASE("a reserved bit anywhere else is a protocol error") {
  lines const refused{"violation 1002"};
  check({
      {"in a continuation", {{text, "a", false}, {continuation, "b", true, rsv1}}, refused, 0, true},
      {"in a continuation of what is compressed",
       {{text, "a", false, rsv1}, {continuation, "b", true, rsv1}},
       refused,
       0,
       true},
      {"in a ping", {{ping, "", true, rsv1}}, refused, 0, true},
      {"in a pong", {{pong, "", true, rsv1}}, refused, 0, true},
      {"in a close", {{close, "", true, rsv1}}, refused, 0, true},
      {"RSV2", {{text, "a", true, 2}}, refused, 0, true},
      {"RSV3", {{text, "a", true, 1}}, refused, 0, true},
      {"all of them", {{text, "a", true, 7}}, refused, 0, true},
      {"an undefined opcode", {{static_cast<opcode>(3), "", true, rsv1}}, refused, 0, true},
      {"nobody agreed on it", {{text, "a", true, rsv1}}, refused},
  });
}

TEST_CASE("a compressed message may be longer than the limit on the wire by an eighth and 64 bytes") {
  std::string const most(16 + 2 + 64, 'x');
  check({
      {"exactly", {{text, most, true, rsv1}}, {"compressed text " + most}, 16, true},
      {"one more", {{text, most + "x", true, rsv1}}, {"violation 1009"}, 16, true},
      {"the sum of its fragments", {{text, most, false, rsv1}, {continuation, "x"}}, {"violation 1009"}, 16, true},
      {"not one that came as it is", {{text, std::string(17, 'x')}}, {"violation 1009"}, 16, true},
  });
}

}  // namespace
}  // namespace gw::wire
