#include "config/tree.hpp"

#include "config/screen.hpp"

// A mistyped date or key would abort the process: the library asserts what its next lines check and report anyway.
#define TOML_ASSERT(expression) static_cast<void>(0)
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <utility>

namespace gw::config {
namespace {

position position_of(toml::source_region const& region, unsigned source) {
  return {region.begin.line, region.begin.column, source};
}

node copy(toml::node const& from, unsigned source) {
  node to{.value = {}, .at = position_of(from.source(), source)};
  from.visit([&to, source](auto const& typed) {
    using type = std::remove_cvref_t<decltype(typed)>;
    if constexpr (toml::is_table<type>) {
      auto& table = to.value.emplace<node::table>();
      for (auto&& [key, value] : typed) {
        table.push_back({std::string(key.str()), position_of(key.source(), source), copy(value, source)});
      }
      std::sort(table.begin(), table.end(), [](member const& a, member const& b) { return a.key < b.key; });
    } else if constexpr (toml::is_array<type>) {
      auto& list = to.value.emplace<node::list>();
      for (auto const& element : typed) list.push_back(copy(element, source));
    } else if constexpr (toml::is_boolean<type> || toml::is_integer<type> || toml::is_floating_point<type> ||
                         toml::is_string<type>) {
      to.value = typed.get();
    }
  });
  return to;
}

}  // namespace

member const* node::find(std::string_view key) const {
  auto const* const members = as<table>();
  if (members == nullptr) return nullptr;
  auto const found = std::find_if(members->begin(), members->end(), [key](member const& m) { return m.key == key; });
  return found == members->end() ? nullptr : &*found;
}

std::string_view node::kind() const {
  static constexpr std::array<std::string_view, std::variant_size_v<decltype(value)>> names = {
      "a date or time", "true or false", "a whole number", "a fraction", "a string", "a list", "a table"};
  return names[value.index()];
}

std::variant<node, fault> parse_toml(std::string_view text, unsigned source) {
  if (auto refused = screen_toml(text)) {
    refused->at.source = source;
    return *std::move(refused);
  }
  try {
    return copy(toml::parse(text, std::string_view{}), source);
  } catch (toml::parse_error const& e) {  // the library has no other way to say it
    return fault{position_of(e.source(), source), std::string(e.description())};
  }
}

node const* locate(node const& table, std::string_view key) {
  auto const dot = key.find('.');
  auto const* const found = table.find(key.substr(0, dot));
  if (found == nullptr) return nullptr;
  return dot == key.npos ? &found->value : locate(found->value, key.substr(dot + 1));
}

}  // namespace gw::config
