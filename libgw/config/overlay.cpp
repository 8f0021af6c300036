#include "config/overlay.hpp"

#include "config/describe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>
#include <utility>

namespace gw::config {
namespace {

/// Whether a later file adds to what earlier ones list under this name.
bool is_list_section(std::string_view name) {
  bool found = name == include_key;
  each_section([&](auto const& s, auto) { found = found || (s.form == shape::list && s.name == name); });
  return found;
}

node* find_value(node& table, std::string_view key) {
  for (auto& m : *table.as<node::table>()) {
    if (m.key == key) return &m.value;
  }
  return nullptr;
}

void insert(node& table, member m) {
  auto& members = *table.as<node::table>();
  auto const place = std::lower_bound(members.begin(), members.end(), m.key,
                                      [](member const& one, std::string const& key) { return one.key < key; });
  members.insert(place, std::move(m));
}

void lay_table_over(node& to, node later) {
  auto* const members = later.as<node::table>();
  if (members == nullptr || to.as<node::table>() == nullptr) {
    to = std::move(later);
    return;
  }
  for (auto& m : *members) {
    if (auto* const earlier = find_value(to, m.key)) {
      lay_table_over(*earlier, std::move(m.value));
    } else {
      insert(to, std::move(m));
    }
  }
}

std::optional<std::size_t> parse_index(std::string_view text) {
  std::size_t index = 0;
  auto const [end, ec] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (ec != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return index;
}

void assign(node& to, node later, faults& out);

void assign_element(node::list& to, member& m, faults& out) {
  auto const index = parse_index(m.key);
  if (!index || *index > to.size()) {
    out.push_back({m.at, fmt::format("'{}' is no element of this list, which has {}; the first is 0", m.key,
                                     to.empty() ? "none yet" : std::to_string(to.size()))});
    return;
  }
  if (*index == to.size()) to.push_back({.value = node::table{}, .at = m.at});
  assign(to[*index], std::move(m.value), out);
}

void assign(node& to, node later, faults& out) {
  auto* const members = later.as<node::table>();
  auto* const list = to.as<node::list>();
  if (members == nullptr || (list == nullptr && to.as<node::table>() == nullptr)) {
    to = std::move(later);
    return;
  }
  for (auto& m : *members) {
    if (list != nullptr) {
      assign_element(*list, m, out);
    } else if (auto* const earlier = find_value(to, m.key)) {
      assign(*earlier, std::move(m.value), out);
    } else {
      insert(to, std::move(m));
    }
  }
}

/// { key = value }
node table_of(std::string_view key, node value, position at) {
  node table{.value = {}, .at = at};
  table.value.emplace<node::table>().push_back({std::string(key), at, std::move(value)});
  return table;
}

/// Tables in tables with `value` as the only leaf: "listener.0.bind".
node nested(std::string_view key, node value) {
  auto const dot = key.find('.');
  auto const at = value.at;
  if (dot != key.npos) value = nested(key.substr(dot + 1), std::move(value));
  return table_of(key.substr(0, dot), std::move(value), at);
}

bool is_one_assignment(std::variant<node, fault> const& parsed) {
  auto const* const root = std::get_if<node>(&parsed);
  return root != nullptr && root->as<node::table>()->size() == 1;
}

fault without_equals(std::string_view text, std::string_view how, unsigned source) {
  return {{1, 1, source}, fmt::format("'{}' has no '='; write {}", text, how)};
}

std::variant<node, fault> parse_assignment(std::string_view text, unsigned source) {
  auto const equals = text.find('=');
  if (equals == text.npos) return without_equals(text, "KEY=VALUE", source);
  bool const one_line = text.find('\n') == text.npos;
  if (one_line) {
    if (auto whole = parse_toml(text, source); is_one_assignment(whole)) return whole;
  }
  auto const name = text.substr(0, equals);
  auto key = parse_toml(std::string(name) + "=0", source);
  if (name.find('\n') != name.npos || !is_one_assignment(key)) {
    return fault{{1, 1, source}, fmt::format("'{}' is not a key; write channel.hold=64KiB", name)};
  }
  auto* leaf = &std::get<node>(key);
  while (auto* const members = leaf->as<node::table>()) leaf = &members->front().value;
  leaf->value = std::string(text.substr(equals + 1));
  return key;
}

std::variant<node, fault> parse_service(std::string_view text, unsigned source) {
  auto const equals = text.find('=');
  if (equals == text.npos) return without_equals(text, "NAME=HOST:PORT,HOST:PORT", source);
  node instances{.value = {}, .at = {1, static_cast<unsigned>(equals) + 2, source}};
  auto& list = instances.value.emplace<node::list>();
  for (auto at = equals + 1; at <= text.size();) {
    auto const end = std::min(text.find(',', at), text.size());
    list.push_back({std::string(text.substr(at, end - at)), {1, static_cast<unsigned>(at) + 1, source}});
    at = end + 1;
  }
  position const start{1, 1, source};
  std::string const name(text.substr(0, equals));
  return table_of("services", table_of(name, table_of("instances", std::move(instances), start), start), start);
}

}  // namespace

std::string place_text(text_source const& text, unsigned line) {
  if (line == 0) return "the default";
  return text.what == text_source::kind::file ? fmt::format("{}:{}", text.name, line) : text.name;
}

std::variant<node, fault> parse_overlay(overlay const& it, unsigned source) {
  switch (it.how) {
    case overlay::form::assignment:
      return parse_assignment(it.text, source);
    case overlay::form::service:
      return parse_service(it.text, source);
    case overlay::form::value:
      return nested(it.key, {.value = it.text, .at = {1, 1, source}});
  }
  return fault{};
}

void lay_file_over(node& root, node later) {
  for (auto& m : *later.as<node::table>()) {
    auto* const earlier = find_value(root, m.key);
    auto* const elements = earlier != nullptr ? earlier->as<node::list>() : nullptr;
    auto* const more = m.value.as<node::list>();
    if (earlier == nullptr) {
      insert(root, std::move(m));
    } else if (elements != nullptr && more != nullptr && is_list_section(m.key)) {
      std::move(more->begin(), more->end(), std::back_inserter(*elements));
    } else {
      lay_table_over(*earlier, std::move(m.value));
    }
  }
}

void lay_overlay_over(node& root, node later, faults& out) {
  for (auto& m : *later.as<node::table>()) {
    bool const is_new = find_value(root, m.key) == nullptr;
    if (is_new && is_list_section(m.key)) insert(root, {m.key, m.at, {.value = node::list{}, .at = m.at}});
  }
  assign(root, std::move(later), out);
}

}  // namespace gw::config
