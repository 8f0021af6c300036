#include "tools/route_suite_types.hpp"

#include "config/text_checks.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <iterator>
#include <type_traits>

namespace gw::tools {
namespace {

using config::faults;
using config::node;
using json = nlohmann::ordered_json;

json json_of(node const& from, faults& out) {
  auto const refuse = [&](std::string_view what) {
    out.push_back({from.at, fmt::format("JSON has no {}; write a string", what)});
    return json();
  };
  auto const convert = [&](auto const& typed) -> json {
    using type = std::remove_cvref_t<decltype(typed)>;
    if constexpr (std::is_same_v<type, std::monostate>) {
      return refuse("dates and times");
    } else if constexpr (std::is_same_v<type, node::list>) {
      auto list = json::array();
      for (auto const& element : typed) list.push_back(json_of(element, out));
      return list;
    } else if constexpr (std::is_same_v<type, node::table>) {
      auto object = json::object();
      for (auto const& m : typed) object[m.key] = json_of(m.value, out);
      return object;
    } else if constexpr (std::is_same_v<type, double>) {
      return std::isfinite(typed) ? json(typed) : refuse("such number");
    } else {
      return typed;
    }
  };
  return std::visit(convert, from.value);
}

node::table const* table_of(node const& from, faults& out) {
  auto const* const members = from.as<node::table>();
  if (members == nullptr) out.push_back({from.at, fmt::format("must be a table, not {}", from.kind())});
  return members;
}

std::string shown(std::vector<std::pair<std::string, std::string>> const& pairs) {
  std::string text = "{";
  for (auto const& [name, value] : pairs) {
    fmt::format_to(std::back_inserter(text), "{} {} = {}", text.size() == 1 ? "" : ",", config::types::quoted(name),
                   value);
  }
  return text + " }";
}

}  // namespace

void message_text::read(node const& from, std::string& to, faults& out) const {
  if (auto const* const text = from.as<std::string>()) {
    to = *text;
    return;
  }
  if (from.as<node::table>() == nullptr) {
    return out.push_back({from.at, fmt::format("must be a string or a table, not {}", from.kind())});
  }
  auto const whole = json_of(from, out);
  to = whole.dump();
}

void texts_by_name::read(node const& from, value& to, faults& out) const {
  auto const* const members = table_of(from, out);
  if (members == nullptr) return;
  value made;
  for (auto const& m : *members) {
    std::vector<std::string> texts;
    config::types::texts{.alone = true}.read(m.value, texts, out);
    for (auto& text : texts) made.emplace_back(m.key, std::move(text));
  }
  to = std::move(made);
}

std::string texts_by_name::show(value const& of) const {
  if (of.empty()) return {};
  auto quoted = of;
  for (auto& [name, text] : quoted) text = config::types::quoted(text);
  return shown(quoted);
}

void json_by_pointer::read(node const& from, value& to, faults& out) const {
  auto const* const members = table_of(from, out);
  if (members == nullptr) return;
  value made;
  for (auto const& m : *members) {
    if (auto why = config::pointer_fault(m.key); !why.empty()) out.push_back({m.at, std::move(why)});
    made.emplace_back(m.key, json_of(m.value, out).dump());
  }
  to = std::move(made);
}

std::string json_by_pointer::show(value const& of) const {
  return of.empty() ? std::string() : shown(of);
}

}  // namespace gw::tools
