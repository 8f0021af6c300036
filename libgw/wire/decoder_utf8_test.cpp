// The decoder on text, after RFC 6455 section 8.1 and the public Autobahn section 6. The byte-level tables are in
// utf8_test.cpp; here: across frames, and failing with the first bad byte.
#include "wire/decoder_rows.hpp"

#include <string>

namespace gw::wire {
namespace {

using namespace rows;
using enum opcode;

std::string const kosme = "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5";

TEST_CASE("valid text arrives however it is fragmented (Autobahn 6.1, 6.2)") {
  std::string const greeting = "Hello-\xc2\xb5@\xc3\x9f\xc3\xb6\xc3\xa4\xc3\xbc\xc3\xa0\xc3\xa1-UTF-8!!";
  check({
      {"6.1.1 empty", {{text, ""}}, {"text"}},
      {"6.1.3 empty fragments around",
       {{text, "", false}, {continuation, greeting, false}, {continuation, ""}},
       {"text " + greeting}},
      {"6.2.1 unfragmented", {{text, greeting}}, {"text " + greeting}},
      {"6.2.2 two on a code point boundary",
       {{text, greeting.substr(0, 12), false}, {continuation, greeting.substr(12)}},
       {"text " + greeting}},
      {"6.2.4 unfragmented Greek", {{text, kosme}}, {"text " + kosme}},
  });
  for (std::size_t cut = 0; cut <= kosme.size(); ++cut) {
    check(
        {{"Greek in two", {{text, kosme.substr(0, cut), false}, {continuation, kosme.substr(cut)}}, {"text " + kosme}},
         {"Greek in two, a ping between",
          {{text, kosme.substr(0, cut), false}, {ping, "\xff"}, {continuation, kosme.substr(cut)}},
          {"ping \xff", "text " + kosme}}});
  }
  row bytewise{"6.2.3 one byte a fragment", {}, {"text " + kosme}};
  for (char const c : kosme) bytewise.frames.push_back({continuation, std::string(1, c), false});
  bytewise.frames.front().op = text;
  bytewise.frames.push_back({continuation, ""});
  check(bytewise);
}

TEST_CASE("invalid text is refused however it is fragmented (Autobahn 6.3)") {
  std::string const bad = kosme + "\xed\xa0\x80" + "edited";
  check({{"6.3.1 unfragmented", {{text, bad}}, {"violation 1007"}},
         {"after a good message", {{text, kosme}, {text, bad}}, {"text " + kosme, "violation 1007"}},
         {"bad byte at once", {{text, "\xff"}}, {"violation 1007"}},
         {"in a message that has no end", {{text, bad, false}}, {"violation 1007"}},
         {"at the end of a long text", {{text, std::string(5'000, 'a') + "\x80"}}, {"violation 1007"}}});
  for (std::size_t cut = 0; cut <= bad.size(); ++cut) {
    check({"in two", {{text, bad.substr(0, cut), false}, {continuation, bad.substr(cut)}}, {"violation 1007"}});
  }
}

TEST_CASE("a code point may lie across the blocks in which a long text is unmasked, and must then be whole") {
  std::string const before(4'095, 'a');
  std::string const after(4'096, 'a');
  check({{"whole", {{text, before + "\xc3\xa9" + after}}, {"text " + before + "\xc3\xa9" + after}},
         {"torn apart by ASCII", {{text, before + "\xc3" + after + "\xa9"}}, {"violation 1007"}},
         {"without an end", {{text, before + "\xc3" + after}}, {"violation 1007"}}});
}

TEST_CASE("a text that ends inside a code point is refused with its last byte") {
  for (std::string const unfinished : {"\xce", "\xe1\xbd", "\xf0\x90\x80", "abc\xf4\x8f"}) {
    check({{"unfragmented", {{text, unfinished}, {ping, ""}}, {"violation 1007"}},
           {"fragmented", {{text, unfinished, false}, {continuation, ""}}, {"violation 1007"}},
           {"a message of its own does not end it", {{text, unfinished}, {text, "\x80"}}, {"violation 1007"}},
           {"waits for more", {{text, unfinished, false}}, {"unfinished text " + unfinished}}});
  }
}

TEST_CASE("the first bad byte is enough (Autobahn 6.4)") {
  // Offsets are within the payload; a bad code point is refused before the rest of the frame is seen.
  auto const refused_at = [](std::string const& payload, std::size_t bad) {
    CAPTURE(payload, bad);
    CHECK(found_after(role::client, 0, encode({text, payload}, role::client)) == 2 + bad + 1);
    CHECK(found_after(role::server, 0, encode({text, payload}, role::server)) == 6 + bad + 1);
  };
  refused_at(kosme + "\xf4\x90\x80\x80" + "edited", kosme.size() + 1);  // above U+10FFFF: the second byte tells
  refused_at(kosme + "\xed\xa0\x80" + "edited", kosme.size() + 1);      // surrogate
  refused_at(kosme + "\xe0\x80\x80" + "edited", kosme.size() + 1);      // overlong
  refused_at(kosme + "\xc0\x80" + "edited", kosme.size());
  refused_at(kosme + "\xf5\x80\x80\x80" + "edited", kosme.size());
  refused_at(kosme + "\xe1\xbd" + "edited", kosme.size() + 2);
  refused_at(kosme + "\xf4\x8f\xbf", kosme.size() + 2);  // valid so far, but the message ends here
}

}  // namespace
}  // namespace gw::wire
