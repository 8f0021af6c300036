#include "config/manual.hpp"

#include "config/describe.hpp"
#include "config/load.hpp"
#include "testing/catch.hpp"

#include <array>
#include <string>

namespace {

/// Makes settings of the commented ones; sentences stay comments, since they begin with "# ".
std::string uncommented(std::string const& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    auto const end = text.find('\n', at);
    auto const line = text.substr(at, end - at);
    out += (line.size() > 1 && line[0] == '#' && line[1] != ' ' ? line.substr(1) : line) + "\n";
    at = end + 1;
  }
  return out;
}

std::vector<std::string> values(gw::config::config const& c) {
  std::vector<std::string> all;
  for (auto const& key : gw::config::top_section().settings) all.push_back(key.show(c));
  gw::config::each_section([&](auto const& s, auto where) {
    for (auto const& key : s.settings) {
      if constexpr (requires { key.show(c.*where); }) {
        all.push_back(key.show(c.*where));
      } else {
        for (auto const& one : c.*where) all.push_back(key.show(one));
      }
    }
  });
  return all;
}

}  // namespace

TEST_CASE("the commented configuration loads as it is and says the defaults when the comments are removed") {
  auto const commented = gw::config::commented_config();
  auto const plain = gw::config::load_text(commented, "plain");
  auto stated = gw::config::load_text(uncommented(commented), "stated");
  for (auto const& p : plain.problems) UNSCOPED_INFO(format(p));
  CHECK(plain.problems.empty());
  for (auto const& p : stated.problems) UNSCOPED_INFO(format(p));
  CHECK(stated.problems.empty());

  // What there is none of by default is an example that sets every key.
  REQUIRE(stated.value.rules.size() == 1);
  for (auto const& key : gw::config::rule_section().settings) {
    CAPTURE(key.name);
    bool const excluded = key.name == "instance";  // by `key`
    CHECK((key.show(stated.value.rules[0]) != key.default_text()) != excluded);
  }
  REQUIRE(stated.value.routes.size() == 1);
  CHECK(stated.value.routes[0].uri == "lb://example");
  stated.value.rules.clear();
  stated.value.routes.clear();
  stated.value.discoveries.clear();
  CHECK(values(plain.value) == values(stated.value));

  gw::config::config defaults;
  defaults.services = {{.name = "example", .instances = {{.host = "127.0.0.1", .port = 9001}}}};
  CHECK(values(plain.value) == values(defaults));
}

namespace {

gw::config::vocabulary const words{.policies = {{"random", "Any of them."}, {"first", "The first."}},
                                   .sources = {{"oracle", "Whoever knows."}}};

}  // namespace

TEST_CASE("the reference has a row for every key") {
  auto const reference = gw::config::reference_markdown(words);
  gw::config::each_section([&](auto const& s, auto) {
    for (auto const& key : s.settings) {
      CAPTURE(s.name, key.name);
      CHECK_FALSE(key.doc.empty());
      CHECK(reference.find("| `" + std::string(key.name) + "` | " + key.type) != reference.npos);
    }
  });
  CHECK(reference.starts_with("# wsgw.toml\n"));
  CHECK(reference.find("\n## `[[listener]]`\n") != reference.npos);
  CHECK(reference.find("\n## `[services.NAME]`\n") != reference.npos);
  CHECK(reference.find("| `hold` | size: 0 to 16MiB | `\"64KiB\"` |") != reference.npos);
  CHECK(reference.find("How an instance is chosen. `random`: Any of them. `first`: The first. |") != reference.npos);
}

TEST_CASE("the manual page has an entry for every key") {
  auto const page = gw::config::reference_man_page("1.0", words);
  CHECK(page.starts_with(".TH \"WSGW.TOML\" 5 \"\" \"wsgw 1.0\"\n"));
  gw::config::each_section([&](auto const& s, auto) {
    CHECK(page.find(".SS \"" + gw::config::heading_of(s) + "\"\n") != page.npos);
    for (auto const& key : s.settings) {
      CAPTURE(s.name, key.name);
      CHECK(page.find(".TP\n\\fB" + std::string(key.name) + "\\fR ") != page.npos);
    }
  });
  CHECK(page.find("\\fBrandom\\fR: Any of them.") != page.npos);
  CHECK(page.find("Longest life of a session; 0 = no limit. Default: \"0\".") != page.npos);
}
