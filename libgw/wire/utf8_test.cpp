// UTF-8 against tables after the public Autobahn section 6 and Markus Kuhn's stress test, and against a decoder
// written from the definition.
#include "wire/utf8.hpp"

#include "testing/catch.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gw::wire {
namespace {

using std::string_literals::operator""s;

// Position of the first byte that cannot stand there; nothing if there is none. Given byte by byte.
std::optional<std::size_t> first_bad(std::string const& text) {
  utf8_checker checker;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!checker.feed(text.substr(i, 1))) return i;
  }
  return std::nullopt;
}

// In two parts, cut at every byte, behind ASCII of several lengths.
void check_everywhere(std::string const& text, bool valid) {
  for (std::size_t const before : {0U, 1U, 7U, 8U, 31U, 33U}) {
    for (std::size_t const behind : {0U, 1U, 3U, 40U}) {
      std::string const all = std::string(before, 'a') + text + std::string(behind, 'z');
      if (is_utf8(all) != valid) FAIL_CHECK("whole, behind " << before << ", before " << behind);
      for (std::size_t cut = 0; cut <= all.size(); ++cut) {
        utf8_checker checker;
        bool const passed = checker.feed(all.substr(0, cut)) && checker.feed(all.substr(cut)) && checker.at_boundary();
        if (passed != valid) FAIL_CHECK("cut at " << cut << ", behind " << before << ", before " << behind);
      }
    }
  }
}

void valid(std::string const& text) {
  CAPTURE(text);
  CHECK(first_bad(text) == std::nullopt);
  check_everywhere(text, true);
}

// `bad`: where it is found at the earliest, also in one part: the prefix up to there is what matters.
void invalid(std::string const& text, std::size_t bad) {
  CAPTURE(text);
  CHECK(first_bad(text) == bad);
  utf8_checker checker;
  CHECK(checker.feed(text.substr(0, bad)));
  CHECK_FALSE(checker.feed(text.substr(bad, 1)));
  CHECK_FALSE(utf8_checker{}.feed(text));
  check_everywhere(text, false);
}

void unfinished(std::string const& text) {
  CAPTURE(text);
  CHECK(first_bad(text) == std::nullopt);
  CHECK_FALSE(is_utf8(text));
  utf8_checker checker;
  CHECK(checker.feed(text));
  CHECK_FALSE(checker.at_boundary());
}

TEST_CASE("valid text of every kind passes (Autobahn 6.5, 6.7, 6.9, 6.22, 6.23)") {
  valid("");
  valid("\x00"s);
  valid("Hello-\xc2\xb5@\xc3\x9f\xc3\xb6\xc3\xa4\xc3\xbc\xc3\xa0\xc3\xa1-UTF-8!!");
  valid("\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5");
  valid("\xe4\xbd\xa0\xe5\xa5\xbd\xe4\xb8\x96\xe7\x95\x8c\xef\xbc\x8c");
  valid("\xf0\x9f\x98\x80\xf0\x9f\x91\x8d\xf0\x9f\x8e\x89");
  // the first and the last of each length
  valid("\x7f");
  valid("\xc2\x80");
  valid("\xdf\xbf");
  valid("\xe0\xa0\x80");
  valid("\xef\xbf\xbf");
  valid("\xf0\x90\x80\x80");
  valid("\xf4\x8f\xbf\xbf");
  // around the surrogates
  valid("\xed\x9f\xbf");
  valid("\xee\x80\x80");
  valid("\xef\xbf\xbd");
  // byte order mark and non-characters are characters here
  valid("\xef\xbb\xbf");
  valid("\xef\xb7\x90");
  valid("\xf0\x9f\xbf\xbe");
  valid("\xf3\xbf\xbf\xbf");
}

TEST_CASE("bytes that never occur are refused at once (Autobahn 6.10, 6.14)") {
  for (int byte : {0xC0, 0xC1, 0xF5, 0xF6, 0xF7, 0xF8, 0xFB, 0xFC, 0xFD, 0xFE, 0xFF}) {
    std::string const lone(1, static_cast<char>(byte));
    invalid(lone, 0);
    invalid(lone + "\x80\x80\x80\x80\x80", 0);
    invalid("ab" + lone + "cd", 2);
    invalid("\xce\xba" + lone, 2);
  }
}

TEST_CASE("continuation bytes without a lead are refused (Autobahn 6.12, 6.13)") {
  for (int byte = 0x80; byte < 0xC0; ++byte) invalid(std::string(1, static_cast<char>(byte)), 0);
  invalid("\xce\xba\x80", 2);
  invalid("\xe1\xbd\xb9\x80", 3);
  invalid("\xf0\x9f\x98\x80\x80", 4);
}

TEST_CASE("leads without their continuation are refused at the byte that comes instead (Autobahn 6.14, 6.15)") {
  for (int lead = 0xC2; lead <= 0xF4; ++lead) {
    std::string const start(1, static_cast<char>(lead));
    unfinished(start);
    invalid(start + " ", 1);
    invalid(start + start, 1);
    invalid(start + "\xff", 1);
  }
  invalid("\xe1\xbd ", 2);
  invalid("\xe1\xbd\xe1", 2);
  invalid("\xf0\x9f ", 2);
  invalid("\xf0\x9f\x98 ", 3);
  invalid("\xf0\x9f\x98\xf0\x9f", 3);
  unfinished("\xe1\xbd");
  unfinished("\xf0\x9f");
  unfinished("\xf0\x9f\x98");
  unfinished("\xce\xba\xf4\x8f\xbf");
}

TEST_CASE("overlong forms are refused at the first byte that shows them (Autobahn 6.16 to 6.18)") {
  invalid("\xc0\x80", 0);
  invalid("\xc0\xaf", 0);
  invalid("\xc1\xbf", 0);
  invalid("\xe0\x80\x80", 1);
  invalid("\xe0\x80\xaf", 1);
  invalid("\xe0\x9f\xbf", 1);
  invalid("\xf0\x80\x80\x80", 1);
  invalid("\xf0\x80\x80\xaf", 1);
  invalid("\xf0\x8f\xbf\xbf", 1);
  invalid("\xf8\x80\x80\x80\xaf", 0);
  invalid("\xfc\x80\x80\x80\x80\xaf", 0);
}

TEST_CASE("surrogates are refused, single and paired (Autobahn 6.19, 6.20)") {
  for (std::string const half : {"\xed\xa0\x80", "\xed\xad\xbf", "\xed\xae\x80", "\xed\xaf\xbf", "\xed\xb0\x80",
                                 "\xed\xbe\x80", "\xed\xbf\xbf"}) {
    invalid(half, 1);
    invalid("\xce\xba" + half, 3);
  }
  invalid("\xed\xa0\x80\xed\xb0\x80", 1);
  invalid("\xed\xaf\xbf\xed\xbf\xbf", 1);
}

TEST_CASE("code points above 10FFFF are refused at the first byte that shows them (Autobahn 6.8, 6.11)") {
  invalid("\xf4\x90\x80\x80", 1);
  invalid("\xf4\xbf\xbf\xbf", 1);
  invalid("\xf5\x80\x80\x80", 0);
  invalid("\xf7\xbf\xbf\xbf", 0);
  invalid("\xf8\x88\x80\x80\x80", 0);
}

// From the definition (RFC 3629 section 3): decode, then compare with the ranges.
bool as_defined(std::string const& text) {
  for (std::size_t i = 0; i < text.size();) {
    auto const at = [&](std::size_t k) { return static_cast<unsigned char>(text[k]); };
    unsigned const lead = at(i);
    std::size_t const size = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 0;
    if (size == 0 || i + size > text.size()) return false;
    std::uint32_t point = size == 1 ? lead : lead & (0x7FU >> size);
    for (std::size_t k = i + 1; k < i + size; ++k) {
      if (at(k) >> 6 != 2) return false;
      point = point << 6 | (at(k) & 0x3FU);
    }
    std::uint32_t const lowest = size == 1 ? 0 : size == 2 ? 0x80 : size == 3 ? 0x800 : 0x10000;
    if (point < lowest || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) return false;
    i += size;
  }
  return true;
}

TEST_CASE("every pair of bytes, and what follows it at the edges, is judged as the definition does") {
  std::size_t wrong = 0;
  auto const compare = [&](std::string const& text) {
    bool const expected = as_defined(text);
    wrong += is_utf8(text) != expected;
    wrong += is_utf8(text + "tail") != as_defined(text + "tail");  // long enough for the path without state
  };
  std::vector<int> const edges = {0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC2, 0xE0, 0xF0, 0xFF};
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      compare({static_cast<char>(a), static_cast<char>(b)});
      for (int const c : edges) {
        compare({static_cast<char>(a), static_cast<char>(b), static_cast<char>(c)});
        for (int const d : edges) {
          compare({static_cast<char>(a), static_cast<char>(b), static_cast<char>(c), static_cast<char>(d)});
        }
      }
    }
    compare({static_cast<char>(a)});
  }
  CHECK(wrong == 0);
}

TEST_CASE("a bad byte is found anywhere in a long text") {
  std::string text(300, 'a');
  for (std::size_t i = 0; i < text.size(); ++i) {
    text[i] = '\x80';
    CHECK_FALSE(is_utf8(text));
    text[i] = 'a';
  }
  CHECK(is_utf8(text));
}

TEST_CASE("a checker stays failed until it is reset") {
  utf8_checker checker;
  CHECK_FALSE(checker.feed("\xff"));
  CHECK_FALSE(checker.feed("a"));
  CHECK_FALSE(checker.at_boundary());
  checker.reset();
  CHECK(checker.feed("a"));
  CHECK(checker.at_boundary());
}

TEST_CASE("one bad byte is found at every place of texts short and long") {
  for (std::size_t const size : {1U, 7U, 8U, 9U, 15U, 63U, 64U, 65U, 71U, 127U, 130U, 511U, 512U, 700U}) {
    std::string text(size, 'a');
    CAPTURE(size);
    REQUIRE(is_utf8(text));
    for (std::size_t at = 0; at < size; ++at) {
      text[at] = '\x80';
      if (is_utf8(text)) FAIL_CHECK("not found at " << at);
      text[at] = 'a';
    }
  }
}

}  // namespace
}  // namespace gw::wire
