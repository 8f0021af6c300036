// The decoder's limits, after RELIABILITY table B and the public Autobahn section 9.
#include "wire/decoder_rows.hpp"

#include <algorithm>
#include <string>

namespace gw::wire {
namespace {

using namespace rows;
using enum opcode;

std::string joined(lines const& l) {
  std::string all;
  for (std::string const& line : l) all += line + '\n';
  return all;
}

// Cut into parts of `step` bytes: for inputs too large to be cut everywhere.
void check_steps(row const& r, std::initializer_list<std::size_t> steps) {
  CAPTURE(r.name);
  for (role const we_are : {role::server, role::client}) {
    std::string const bytes = encode(r.frames, we_are);
    for (std::size_t const step : steps) {
      CAPTURE(step);
      std::vector<std::size_t> cuts;
      for (std::size_t cut = step; cut < bytes.size(); cut += step) cuts.push_back(cut);
      bool const same = joined(testing::decode_cut(we_are, r.max_message, bytes, cuts)) == joined(r.expected);
      CHECK(same);
    }
  }
}

TEST_CASE("a message of exactly the limit passes and one byte more does not") {
  std::string const ten(10, 'x');
  check({
      {"exactly", {{text, ten}}, {"text " + ten}, 10},
      {"one more", {{text, ten + "x"}}, {"violation 1009"}, 10},
      {"each message by itself", {{text, ten}, {binary, ten}}, {"text " + ten, "binary " + ten}, 10},
      {"sum of fragments exactly", {{text, "xxxx", false}, {continuation, "xxxxxx"}}, {"text " + ten}, 10},
      {"sum of fragments, one more", {{text, "xxxx", false}, {continuation, "xxxxxxx"}}, {"violation 1009"}, 10},
      {"sum starts again",
       {{text, "xxxx", false}, {continuation, "xxxxxx"}, {text, "xxxxx", false}, {continuation, "xxxxx"}},
       {"text " + ten, "text " + ten},
       10},
      {"full, then an empty end", {{text, ten, false}, {continuation, ""}}, {"text " + ten}, 10},
      {"control frames do not count",
       {{text, ten, false}, {ping, ten}, {continuation, ""}},
       {"ping " + ten, "text " + ten},
       10},
      {"endless continuation",
       {{binary, "xxx", false},
        {continuation, "xxx", false},
        {continuation, "xxx", false},
        {continuation, "xxx", false}},
       {"violation 1009"},
       10},
      {"limit of one", {{text, "a"}, {text, ""}, {text, "bc"}}, {"text a", "text", "violation 1009"}, 1},
  });
}

TEST_CASE("the limit is judged from the header, before any payload") {
  for (role const we_are : {role::server, role::client}) {
    std::size_t const key = we_are == role::server ? 4 : 0;
    CHECK(found_after(we_are, 10, encode({text, std::string(11, 'x')}, we_are)) == 2 + key);
    CHECK(found_after(we_are, 1'000, encode({text, std::string(1'001, 'x')}, we_are)) == 4 + key);
    CHECK(found_after(we_are, 65'535, encode({binary, std::string(65'536, 'x')}, we_are)) == 10 + key);
    std::string const first = encode({text, "abc", false}, we_are);
    CHECK(found_after(we_are, 10, first + encode({continuation, "abcdefgh"}, we_are)) == first.size() + 2 + key);
  }
}

TEST_CASE("announced lengths cannot overflow the sum") {
  std::string const huge("\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", 9);
  check_bytes(role::client, "\x82" + huge, {"violation 1009"}, 1'000'000);
  std::string const one = encode({binary, "a", false}, role::client);
  check_bytes(role::client, one + "\x80" + huge, {"violation 1009"}, 1'000'000);
  check_bytes(role::client, one + "\x80" + huge + "b", {"unfinished binary ab"});
}

TEST_CASE("lengths around the 16-bit and 64-bit forms arrive whole") {
  for (std::size_t const size : {65'535U, 65'536U}) {
    std::string const payload(size, '*');
    row const r{"of " + std::to_string(size), {{text, payload}}, {"text " + payload}};
    for (role const we_are : {role::server, role::client}) {
      std::string const bytes = encode(r.frames, we_are);
      for (std::size_t cut = 0; cut < 20; ++cut) {
        bool const front = testing::decode_cut(we_are, 0, bytes, {cut}) == r.expected;
        bool const back = testing::decode_cut(we_are, 0, bytes, {bytes.size() - cut}) == r.expected;
        CHECK((front && back));
      }
    }
    check_steps(r, {1, 4'095, 4'096, 4'097, 65'536});
  }
}

TEST_CASE("large messages arrive whole in parts of any size (Autobahn 9.1 to 9.6)") {
  std::string payload;
  while (payload.size() < 1'000'000) payload += "\xe4\xbd\xa0\xe5\xa5\xbd, world \xf0\x9f\x98\x80; ";
  check_steps({"text", {{text, payload}}, {"text " + payload}}, {63, 1'000, 16'384, 262'144, 2'000'000});
  check_steps({"binary", {{binary, payload}}, {"binary " + payload}}, {997, 262'144, 2'000'000});

  row fragmented{"9.3, 9.4 in fragments of 64 bytes", {}, {"text " + payload}};
  for (std::size_t at = 0; at < payload.size(); at += 64) {
    bool const last = at + 64 >= payload.size();
    fragmented.frames.push_back({at == 0 ? text : continuation, payload.substr(at, 64), last});
  }
  check_steps(fragmented, {13, 4'096, 2'000'000});
}

// `empty` empty frames and `full` of one byte, all of one message, of which the last one ends it.
row of_frames(std::size_t empty, std::size_t full, lines expected) {
  row r{std::to_string(empty) + " empty and " + std::to_string(full) + " full", {}, std::move(expected)};
  for (std::size_t i = 0; i < empty; ++i) r.frames.push_back({continuation, "", false});
  for (std::size_t i = 0; i < full; ++i) r.frames.push_back({continuation, "x", false});
  r.frames.front().op = text;
  r.frames.back().fin = true;
  return r;
}

TEST_CASE("empty frames in one message are counted, 1,024 pass") {
  check_steps(of_frames(1'024, 1, {"text x"}), {1, 7, 100'000});
  check_steps(of_frames(1'025, 1, {"violation 1008"}), {1, 7, 100'000});
  check_steps(of_frames(1'024, 0, {"text"}), {1, 7, 100'000});
  check_steps(of_frames(1'025, 0, {"violation 1008"}), {1, 7, 100'000});
}

TEST_CASE("frames in one message are counted, 65,536 pass (Autobahn 9.3.1)") {
  std::string const all(65'536, 'x');
  check_steps(of_frames(0, 65'536, {"text " + all}), {64, 1'000'000});
  check_steps(of_frames(0, 65'537, {"violation 1008"}), {64, 1'000'000});
}

TEST_CASE("the counts start again with every message") {
  row r = of_frames(1'024, 1, {"text x", "text x"});
  auto const first = r.frames;
  r.frames.insert(r.frames.end(), first.begin(), first.end());
  check_steps(r, {1, 7, 100'000});

  row twice = of_frames(0, 40'000, {});
  twice.expected.assign(2, "text " + std::string(40'000, 'x'));
  auto const once = twice.frames;
  twice.frames.insert(twice.frames.end(), once.begin(), once.end());
  check_steps(twice, {64, 1'000'000});

  row many{"2,000 empty messages", {}, {}};
  many.frames.assign(2'000, {binary, ""});
  many.expected.assign(2'000, "binary");
  check_steps(many, {1, 100'000});
}

}  // namespace
}  // namespace gw::wire
