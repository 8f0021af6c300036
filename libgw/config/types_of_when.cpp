// The types of `when`: what is asked of a text, and of texts with names.
#include "config/types.hpp"
#include "core/did_you_mean.hpp"

#include <fmt/format.h>

#include <array>

namespace gw::config::types {
namespace {

constexpr auto test_keys = std::to_array<std::string_view>({"equals", "prefix", "regex", "exists"});
constexpr auto named_test_keys = std::to_array<std::string_view>({"name", "equals", "prefix", "regex", "exists"});

/// Whether `m` is one of the tests; then it has been read.
bool read_test(member const& m, text_test& to, faults& out) {
  constexpr optional<text> any_text{};
  if (m.key == "equals") {
    any_text.read(m.value, to.equals, out);
  } else if (m.key == "prefix") {
    any_text.read(m.value, to.prefix, out);
  } else if (m.key == "regex") {
    any_text.read(m.value, to.regex, out);
  } else if (m.key == "exists") {
    optional<flag>{}.read(m.value, to.exists, out);
  } else {
    return false;
  }
  return true;
}

void refuse_contradiction(node const& from, text_test const& it, std::size_t faults_before, faults& out) {
  if (out.size() != faults_before) return;
  if (auto what = contradiction(it); !what.empty()) out.push_back({from.at, std::move(what)});
}

void read_named_test(node const& from, named_test& to, faults& out) {
  auto const* const members = from.as<node::table>();
  if (members == nullptr) {
    out.push_back({from.at, fmt::format("must be {{ name = \"X-Kind\", equals = \"audio\" }}, not {}", from.kind())});
    return;
  }
  auto const before = out.size();
  for (auto const& m : *members) {
    if (m.key == "name") {
      text{}.read(m.value, to.name, out);
    } else if (!read_test(m, to.value, out)) {
      out.push_back(
          {m.at, fmt::format("unknown key '{}'{}", m.key, guess_or_list(m.key, named_test_keys, "known here:"))});
    }
  }
  if (out.size() == before && to.name.empty()) {
    out.push_back({from.at, "has no name; write { name = \"X-Kind\", equals = \"audio\" }"});
  }
  refuse_contradiction(from, to.value, before, out);
}

std::vector<std::string> shown_tests(text_test const& value) {
  std::vector<std::string> shown;
  auto const add = [&shown](std::string_view key, std::optional<std::string> const& text) {
    if (text) shown.push_back(fmt::format("{} = {}", key, quoted(*text)));
  };
  add("equals", value.equals);
  add("prefix", value.prefix);
  add("regex", value.regex);
  if (value.exists) shown.push_back(fmt::format("exists = {}", *value.exists));
  return shown;
}

}  // namespace

std::string contradiction(text_test const& it) {
  bool const asked = it.equals || it.prefix || it.regex;
  if (it.exists == false && asked) return "exists = false leaves no text to compare; leave one of them out";
  if (it.equals && it.prefix && !it.equals->starts_with(*it.prefix)) return "equals does not begin with prefix";
  return {};
}

void test::read(node const& from, text_test& to, faults& out) const {
  auto const before = out.size();
  text_test value;
  if (auto const* const members = from.as<node::table>()) {
    for (auto const& m : *members) {
      if (read_test(m, value, out)) continue;
      out.push_back({m.at, fmt::format("unknown key '{}'{}", m.key, guess_or_list(m.key, test_keys, "known here:"))});
    }
  } else if (auto const* const equal = from.as<std::string>()) {
    value.equals = *equal;
  } else {
    out.push_back(
        {from.at, fmt::format("must be a string or {{ equals, prefix, regex, exists }}, not {}", from.kind())});
  }
  refuse_contradiction(from, value, before, out);
  if (out.size() == before) to = std::move(value);
}

std::string test::show(text_test const& value) const {
  return fmt::format("{{ {} }}", fmt::join(shown_tests(value), ", "));
}

void named_tests::read(node const& from, std::vector<named_test>& to, faults& out) const {
  auto const before = out.size();
  std::vector<named_test> read;
  if (auto const* const list = from.as<node::list>()) {
    for (auto const& element : *list) read_named_test(element, read.emplace_back(), out);
  } else {
    read_named_test(from, read.emplace_back(), out);
  }
  if (out.size() == before) to = std::move(read);
}

std::string named_tests::show(std::vector<named_test> const& value) const {
  std::vector<std::string> shown;
  for (auto const& one : value) {
    auto parts = shown_tests(one.value);
    parts.insert(parts.begin(), "name = " + quoted(one.name));
    shown.push_back(fmt::format("{{ {} }}", fmt::join(parts, ", ")));
  }
  return fmt::format("[{}]", fmt::join(shown, ", "));
}

}  // namespace gw::config::types
