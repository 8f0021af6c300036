#include "config/manual.hpp"

#include "config/describe.hpp"

#include <fmt/format.h>

#include <iterator>

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
    fmt::format_to(to, "| `{}` | {} | `{}` | {} |\n", key.name, type, key.default_text(), key.doc);
  }
}

template <class Owner>
void comment(section<Owner> const& s, std::string& out) {
  auto const to = std::back_inserter(out);
  bool const example = s.form == shape::named;
  fmt::format_to(to, "\n# {}\n", s.doc);
  if (example) {
    fmt::format_to(to, "[{}.example]\n", s.name);
  } else if (s.form != shape::top) {
    fmt::format_to(to, "{}\n", heading(s));
  }
  for (auto const& key : s.settings) {
    if (key.inherited) continue;
    bool const stated = example && key.name == "instances";
    auto const value = stated ? "[\"127.0.0.1:9001\"]" : key.default_text();
    auto const line = fmt::format("{}{} = {}", stated ? "" : "#", key.name, value);
    fmt::format_to(to, "{:<48} # {}\n", line, key.doc);
  }
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
  comment(top_section(), out);
  each_section([&out](auto const& s, auto) { comment(s, out); });
  return out;
}

}  // namespace gw::config
