#include "config/effective.hpp"

#include "config/describe.hpp"
#include "config/types.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace gw::config {
namespace {

bool holds_secret(node const& at) {
  if (at.secret) return true;
  if (auto const* const list = at.as<node::list>()) return std::any_of(list->begin(), list->end(), holds_secret);
  auto const* const table = at.as<node::table>();
  return table != nullptr &&
         std::any_of(table->begin(), table->end(), [](member const& m) { return holds_secret(m.value); });
}

class walk {
 public:
  explicit walk(loaded const& from) : from_(from) {}

  std::vector<effective_value> run() {
    add(top_section(), from_.value, config{}, &from_.written, {}, {});
    each_section([this](auto const& s, auto where) { add_section(s, from_.value.*where); });
    return std::move(values_);
  }

 private:
  template <class Owner>
  void add_section(section<Owner> const& s, Owner const& is) {
    add(s, is, Owner{}, locate(from_.written, s.name), std::string(s.name), heading_of(s));
  }

  template <class Owner>
  void add_section(section<Owner> const& s, std::vector<Owner> const& all) {
    auto const* const members = from_.written.find(s.name);
    auto const* const list = members != nullptr ? members->value.template as<node::list>() : nullptr;
    for (std::size_t i = 0; i < all.size(); ++i) {
      auto const* const written = list != nullptr && i < list->size() ? &(*list)[i] : nullptr;
      add(s, all[i], Owner{}, written, fmt::format("{}.{}", s.name, i), heading_of(s));
    }
  }

  /// [name.X]
  template <class Owner>
  void add_named(section<Owner> const& s, std::vector<Owner> const& all, Owner const& base) {
    auto const* const members = from_.written.find(s.name);
    for (auto const& one : all) {
      auto const* const written = members != nullptr ? members->value.find(one.name) : nullptr;
      auto const path = fmt::format("{}.{}", s.name, types::bare_or_quoted(one.name));
      add(s, one, base, written != nullptr ? &written->value : nullptr, path, fmt::format("[{}]", path));
    }
  }

  void add_section(section<service> const& s, std::vector<service> const& all) {
    add_named(s, all, service{.channel = from_.value.channel});
  }

  void add_section(section<discovery> const& s, std::vector<discovery> const& all) { add_named(s, all, {}); }

  /// `base`: the owner as it is when nothing is written.
  template <class Owner>
  void add(section<Owner> const& s, Owner const& is, Owner const& base, node const* written, std::string const& owner,
           std::string const& heading) {
    for (auto const& key : s.settings) {
      auto text = key.show(is);
      auto const usual = key.show(base);
      auto const* const at = written != nullptr ? locate(*written, key.name) : nullptr;
      bool const says_nothing = key.inherited || (!key.example.empty() && text == usual);
      if (key.name == include_key || text.empty() || (at == nullptr && says_nothing)) continue;
      effective_value v{.owner = owner, .heading = heading, .key = std::string(key.name)};
      if (at != nullptr) {
        v.written = true;
        v.changed = text != usual;
        v.secret = holds_secret(*at);
        v.line = at->at.line;
        v.from = at->at.source < from_.sources.size() ? from_.sources[at->at.source] : text_source{};
      }
      v.value = std::move(text);
      values_.push_back(std::move(v));
    }
  }

  loaded const& from_;
  std::vector<effective_value> values_;
};

}  // namespace

std::vector<effective_value> effective_values(loaded const& from) {
  return walk(from).run();
}

std::string effective_toml(std::vector<effective_value> const& values) {
  std::string out;
  std::string owner;
  for (auto const& v : values) {
    if (v.owner != owner) fmt::format_to(std::back_inserter(out), "{}{}\n", out.empty() ? "" : "\n", v.heading);
    owner = v.owner;
    fmt::format_to(std::back_inserter(out), "{:<48} # {}\n", fmt::format("{} = {}", v.key, v.shown()), v.origin());
  }
  return out;
}

}  // namespace gw::config
