#include "config/schema.hpp"

#include "config/describe.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <type_traits>

namespace gw::config {
namespace {

using nlohmann::ordered_json;

ordered_json empty_table() {
  return {{"type", "object"}, {"additionalProperties", false}, {"properties", ordered_json::object()}};
}

ordered_json json_of(node const& from) {
  return std::visit(
      [](auto const& value) -> ordered_json {
        using type = std::remove_cvref_t<decltype(value)>;
        if constexpr (std::is_same_v<type, std::monostate>) {
          return nullptr;
        } else if constexpr (std::is_same_v<type, node::list>) {
          auto list = ordered_json::array();
          for (auto const& element : value) list.push_back(json_of(element));
          return list;
        } else if constexpr (std::is_same_v<type, node::table>) {
          auto table = ordered_json::object();
          for (auto const& m : value) table[m.key] = json_of(m.value);
          return table;
        } else {
          return value;
        }
      },
      from.value);
}

template <class Owner>
ordered_json schema_of(setting<Owner> const& key) {
  auto schema = ordered_json::parse(key.schema);
  schema["description"] = key.doc;
  if (!key.inherited && key.example.empty()) schema["default"] = json_of_toml(key.default_text());
  return schema;
}

/// The keys of a section; those with a dot stand in tables of their own.
template <class Owner>
ordered_json table_of(section<Owner> const& s) {
  auto table = empty_table();
  for (auto const& key : s.settings) {
    auto* within = &table;
    auto name = key.name;
    for (auto dot = name.find('.'); dot != name.npos; dot = name.find('.')) {
      auto& inner = (*within)["properties"][std::string(name.substr(0, dot))];
      if (inner.is_null()) inner = empty_table();
      within = &inner;
      name.remove_prefix(dot + 1);
    }
    (*within)["properties"][std::string(name)] = schema_of(key);
  }
  return table;
}

template <class Owner>
ordered_json schema_of(section<Owner> const& s) {
  ordered_json schema = {{"description", s.doc}};
  switch (s.form) {
    case shape::top:
    case shape::table:
      schema.update(table_of(s));
      break;
    case shape::list:
      schema.update({{"type", "array"}, {"items", table_of(s)}});
      break;
    case shape::named:
      schema.update({{"type", "object"}, {"additionalProperties", table_of(s)}});
      break;
  }
  return schema;
}

ordered_json schema_of(std::span<word const> words) {
  if (words.empty()) return {{"type", "string"}};
  auto known = ordered_json::array();
  for (auto const& w : words) known.push_back({{"const", w.name}, {"description", w.summary}});
  known.push_back({{"type", "string"}, {"pattern", R"(\$\{)"}});
  return {{"anyOf", known}};
}

}  // namespace

std::string json_schema(vocabulary const& words) {
  ordered_json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", "wsgw.toml"}};
  schema.update(schema_of(top_section()));
  each_section([&schema](auto const& s, auto) { schema["properties"][std::string(s.name)] = schema_of(s); });
  schema["$defs"]["policy"] = schema_of(words.policies);
  schema["$defs"]["source"] = schema_of(words.sources);
  return schema.dump(2) + "\n";
}

ordered_json json_of_toml(std::string_view value) {
  auto const parsed = parse_toml(fmt::format("value = {}", value));
  auto const* const document = std::get_if<node>(&parsed);
  return document != nullptr ? json_of(document->find("value")->value) : ordered_json(nullptr);
}

}  // namespace gw::config
