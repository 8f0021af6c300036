#include "tools/mock_behaviour.hpp"

#include "testing/catch.hpp"

#include <set>

using namespace gw::tools;

namespace {

/// "name=value" of everything that is set, joined by spaces; or the complaint.
std::string after(std::string_view name, std::string_view text, mock_behaviour from = {}) {
  if (auto const set = set_behaviour(from, name, text); !set) return set.error().context;
  std::string all;
  for (auto const& s : mock_settings()) {
    auto const value = s.show(from);
    if (!value.empty()) all += (all.empty() ? "" : " ") + std::string(s.name) + "=" + value;
  }
  return all;
}

void check(std::string_view name, std::string_view text, std::string_view expected) {
  CAPTURE(name, text);
  CHECK(after(name, text) == expected);
}

}  // namespace

TEST_CASE("Every setting of a mock shows what it was set to, and off forgets it") {
  std::vector<std::pair<std::string_view, std::string_view>> const all = {
      {"reply", "raw"},     {"text", "{n}"},      {"delay", "5ms..20ms"},  {"fail", "5%"},      {"drop", "0.1%"},
      {"hang-up", "100%"},  {"close-after", "3"}, {"close-code", "1011"},  {"push", "10/s"},    {"flood", "1KiB 500/s"},
      {"oversize", "2MiB"}, {"masked", "on"},     {"read-rate", "4KiB/s"}, {"half-open", "on"}, {"accept-delay", "2s"},
      {"refuse", "on"},     {"status", "503"},    {"hang", "after"},       {"wrong-key", "on"}};
  REQUIRE(all.size() == mock_settings().size());
  for (auto const& [name, text] : all) {
    check(name, text, std::string(name) + "=" + std::string(text));
    check(name, "off", "");
    mock_behaviour set;
    REQUIRE(set_behaviour(set, name, text).has_value());
    CHECK(after(name, "off", set).empty());
    CHECK(after("push", "7/s", set).find(name == "push" ? "push=7/s" : text) != std::string::npos);
  }
}

TEST_CASE("What a setting cannot be is refused, and says how to write it") {
  CHECK(after("delay", "50").starts_with("delay: '50' is not a delay: "));
  check("fail", "5", "fail: '5' is not a share; write 5% or 0.1%");
  check("fail", "101%", "fail: '101%' is not a share; write 5% or 0.1%");
  check("fail", "nan%", "fail: 'nan%' is not a share; write 5% or 0.1%");
  check("drop", "%", "drop: '%' is not a share; write 5% or 0.1%");
  check("status", "200", "status: '200' must be a number from 400 to 599");
  check("close-code", "1005", "close-code: no server may send 1005; 1006 ends without a Close");
  check("close-code", "99", "close-code: '99' is not a close code (1000 to 4999)");
  check("reply", "row", "reply: 'row' is none of the words; did you mean 'raw'?");
  check("hang", "x", "hang: 'x' is none of the words; write one of before, after");
  check("masked", "5", "masked: '5' is neither on nor off");
  check("read-rate", "4KiB", "read-rate: '4KiB' is not a pace of bytes; write 64KiB/s");
  check("oversize", "65MiB", "oversize: '65MiB' is more than 64MiB");
  check("dealy", "5ms", "there is no behaviour 'dealy'; did you mean 'delay'?");
  CHECK(after("flood", "1KiB 5").starts_with("flood: "));
  check("flood", "1KiB 0/s", "flood: '1KiB 0/s' would never send; write 'off'");
  CHECK(after("push", "fast").starts_with("push: "));
}

TEST_CASE("A setting that is refused changes nothing") {
  mock_behaviour set;
  REQUIRE(set_behaviour(set, "delay", "5ms").has_value());
  CHECK_FALSE(set_behaviour(set, "delay", "5").has_value());
  CHECK(after("fail", "1%", set) == "delay=5ms fail=1%");
}

TEST_CASE("A fixed text and a kind of reply replace each other") {
  mock_behaviour set;
  REQUIRE(set_behaviour(set, "text", "x").has_value());
  CHECK(after("reply", "raw", set) == "reply=raw");
  REQUIRE(set_behaviour(set, "reply", "raw").has_value());
  CHECK(after("text", "y", set) == "text=y");
}

TEST_CASE("The names of the settings can be written with underscores") {
  CHECK(find_mock_setting("close_after") == find_mock_setting("close-after"));
  CHECK(find_mock_setting("close_after") != nullptr);
  CHECK(find_mock_setting("nothing") == nullptr);
}
