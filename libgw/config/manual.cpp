#include "config/manual.hpp"

#include "config/describe.hpp"
#include "config/types.hpp"
#include "core/roff.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <iterator>
#include <type_traits>

namespace gw::config {
namespace {

template <class Owner>
std::string type_of(setting<Owner> const& key) {
  return key.bounds.empty() ? key.type : fmt::format("{}: {}", key.type, key.bounds);
}

/// What a key means; where one of the words is chosen for good, these too.
template <class Owner>
std::string meaning_of(setting<Owner> const& key, vocabulary const& words) {
  std::string text(key.doc);
  auto const list = [&text](std::vector<word> const& all) {
    for (auto const& w : all) fmt::format_to(std::back_inserter(text), " `{}`: {}", w.name, w.summary);
  };
  if (std::is_same_v<Owner, balancer> && key.type == types::policy{}.name()) list(words.policies);
  if (key.type == types::source_type{}.name()) list(words.sources);
  return text;
}

template <class Owner>
void document(section<Owner> const& s, vocabulary const& words, std::string& out) {
  auto const to = std::back_inserter(out);
  if (s.form != shape::top) fmt::format_to(to, "\n## `{}`\n", heading_of(s));
  fmt::format_to(to, "\n{}\n\n| key | type | default | meaning |\n|---|---|---|---|\n", s.doc);
  for (auto const& key : s.settings) {
    if (key.inherited) continue;
    auto const value = key.default_text();
    auto const shown = value.empty() ? std::string("not set") : fmt::format("`{}`", value);
    fmt::format_to(to, "| `{}` | {} | {} | {} |\n", key.name, type_of(key), shown, meaning_of(key, words));
  }
}

template <class Owner>
void document(section<Owner> const& s, vocabulary const& words, man_page& out) {
  if (s.form != shape::top) out.subheading(heading_of(s));
  out.paragraph(s.doc);
  for (auto const& key : s.settings) {
    if (key.inherited) continue;
    auto const value = key.default_text();
    auto const usual = value.empty() ? std::string() : fmt::format(" Default: {}.", value);
    out.entry(key.name, type_of(key), meaning_of(key, words) + usual);
  }
}

void explain_format(man_page& page) {
  page.heading("DESCRIPTION");
  page.paragraph(
      "A configuration of wsgw is a TOML file of the tables below. All keys have defaults; what a gateway needs is one "
      "service. A key that is not listed here is an error, as is a number where a unit is needed. "
      "`wsgw config check` tells every mistake with its place, `wsgw config show` every value with its origin, and "
      "`wsgw config init` writes a file with all keys and their defaults.");
  page.verbatim("[services.order]\ninstances = [\"127.0.0.1:9001\", \"127.0.0.1:9002\"]");
  page.paragraph(
      "Of several files the later wins, key by key; [[tables]] of several files add up. Above the files stand the "
      "variables of the environment that wsgw(1) names, above those its flags.");
  page.heading("VALUES");
  page.entry("duration", "\"1m30s\"", "A string of whole numbers with the units ms, s, m and h; \"0\" needs none.");
  page.entry("size", "\"64KiB\"", "A string with one of the units B, KB, MB, GB (1000) and KiB, MiB, GiB (1024).");
  page.entry("rate", "\"20/10s\"", "A count, a slash and a duration.");
  page.entry(
      "${NAME}", "",
      "In any string: the variable of the environment. ${NAME:-text} has a default, ${file:/path} is the content "
      "of a file and kept secret, $${ stands for ${ itself.");
}

/// How a section stands in the example file.
enum class presence : std::uint8_t {
  defaults,  // its heading, and its keys as comments with their defaults
  example,   // its heading, what it needs, and the rest as comments
  absent,    // a comment as a whole, since there is none by default
};

template <class Owner>
void comment(section<Owner> const& s, presence how, std::string& out) {
  auto const to = std::back_inserter(out);
  fmt::format_to(to, "\n# {}\n", s.doc);
  auto const* const mark = how == presence::absent ? "#" : "";
  if (s.form == shape::named) {
    fmt::format_to(to, "{}[{}.example]\n", mark, s.name);
  } else if (s.form != shape::top) {
    fmt::format_to(to, "{}{}\n", mark, heading_of(s));
  }
  for (auto const& key : s.settings) {
    if (key.inherited) continue;
    bool const stated = how == presence::example && !key.example.empty();
    auto const value = key.example.empty() ? key.default_text() : std::string(key.example);
    auto const line = fmt::format("{}{} = {}", stated ? "" : "#", key.name, value);
    fmt::format_to(to, "{:<48} # {}\n", line, key.doc);
  }
}

template <class Owner>
presence presence_of(Owner config::*) {
  return presence::defaults;
}

template <class Owner>
presence presence_of(std::vector<Owner> config::*where) {
  if (std::is_same_v<Owner, service>) return presence::example;
  config const defaults;
  return (defaults.*where).empty() ? presence::absent : presence::defaults;
}

}  // namespace

std::string reference_markdown(vocabulary const& words) {
  std::string out = "# wsgw.toml\n\nEvery key of a configuration, as `wsgw man wsgw.toml --markdown` prints them.\n";
  document(top_section(), words, out);
  each_section([&](auto const& s, auto) { document(s, words, out); });
  return out;
}

std::string reference_man_page(std::string_view version, vocabulary const& words) {
  man_page page("WSGW.TOML", 5, fmt::format("wsgw {}", version), "wsgw.toml", "configuration of the gateway wsgw");
  explain_format(page);
  page.heading("KEYS");
  document(top_section(), words, page);
  each_section([&](auto const& s, auto) { document(s, words, page); });
  page.heading("FILES");
  page.entry("./wsgw.toml", "", "Read when nothing names a file, else");
  page.entry("/etc/wsgw/wsgw.toml", "", "the next to be looked for.");
  page.heading("SEE ALSO");
  page.paragraph("`wsgw`(1)");
  return page.text();
}

std::string commented_config() {
  std::string out = "# Configuration of wsgw. Every key that is commented out shows its default.\n";
  comment(top_section(), presence::defaults, out);
  each_section([&out](auto const& s, auto where) { comment(s, presence_of(where), out); });
  return out;
}

}  // namespace gw::config
