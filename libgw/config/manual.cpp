#include "config/manual.hpp"

#include "config/describe.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <iterator>
#include <type_traits>

namespace gw::config {
namespace {

template <class Owner>
std::string heading(section<Owner> const& s) {
  switch (s.form) {
    case shape::top:
      return {};
    case shape::table:
      return fmt::format("[{}]", s.name);
    case shape::list:
      return fmt::format("[[{}]]", s.name);
    case shape::named:
      return fmt::format("[{}.NAME]", s.name);
  }
  return {};
}

template <class Owner>
void document(section<Owner> const& s, std::string& out) {
  auto const to = std::back_inserter(out);
  if (s.form != shape::top) fmt::format_to(to, "\n### `{}`\n", heading(s));
  fmt::format_to(to, "\n{}\n\n| key | type | default | meaning |\n|---|---|---|---|\n", s.doc);
  for (auto const& key : s.settings) {
    if (key.inherited) continue;
    auto const type = key.bounds.empty() ? key.type : fmt::format("{}: {}", key.type, key.bounds);
    auto const value = key.default_text();
    auto const shown = value.empty() ? std::string("not set") : fmt::format("`{}`", value);
    fmt::format_to(to, "| `{}` | {} | {} | {} |\n", key.name, type, shown, key.doc);
  }
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
  if (s.form == shape::named) {
    fmt::format_to(to, "[{}.example]\n", s.name);
  } else if (s.form != shape::top) {
    fmt::format_to(to, "{}{}\n", how == presence::absent ? "#" : "", heading(s));
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

std::string reference_markdown() {
  std::string out;
  document(top_section(), out);
  each_section([&out](auto const& s, auto) { document(s, out); });
  return out;
}

std::string commented_config() {
  std::string out = "# Configuration of wsgw. Every key that is commented out shows its default.\n";
  comment(top_section(), presence::defaults, out);
  each_section([&out](auto const& s, auto where) { comment(s, presence_of(where), out); });
  return out;
}

}  // namespace gw::config
