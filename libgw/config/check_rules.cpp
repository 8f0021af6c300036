#include "config/address.hpp"
#include "config/checks.hpp"
#include "core/did_you_mean.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>

namespace gw::config {
namespace {

constexpr std::string_view user_capture = "user";  // the identity of the client; needs no regex

std::vector<std::string_view> service_names(config const& value) {
  std::vector<std::string_view> names;
  for (auto const& s : value.services) names.push_back(s.name);
  return names;
}

/// Ids of `owners`, which were read from [[name]].
template <class Owner>
void check_ids(std::vector<Owner> const& owners, std::string_view name, node const& root, report& problems) {
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < owners.size(); ++i) {
    if (seen.insert(owners[i].id).second) continue;
    problems.add(place_of(*section_node(root, name, i), "id"), fmt::format("{}.id", name),
                 fmt::format("'{}' is already the id of another {}; choose another", owners[i].id, name));
  }
}

struct capture_use {
  std::string_view name;
  std::size_t at;
};

/// The "{name}"s of a template, or the place of a brace without its partner.
std::variant<std::vector<capture_use>, text_fault> captures_in(std::string_view text) {
  std::vector<capture_use> uses;
  for (std::size_t at = 0; (at = text.find_first_of("{}", at)) != text.npos;) {
    if (text[at] == '}') return text_fault{at, "'}' without '{'"};
    auto const end = text.find_first_of("{}", at + 1);
    if (end == text.npos || text[end] == '{') return text_fault{at, "'{' without '}'"};
    uses.push_back({text.substr(at + 1, end - at - 1), at + 1});
    at = end + 1;
  }
  return uses;
}

class rule_check {
 public:
  rule_check(config const& value, outside_knowledge const& outside, report& problems)
      : services_(service_names(value)), outside_(outside), problems_(problems) {}

  void check(rule const& r, node const& from) {
    captures_ = {std::string(user_capture)};
    regexes_are_good_ = true;
    if (auto const* const when = from.find("when")) judge_regexes(when->value, "rule.when");
    captures_are_known_ = outside_.captures_of && regexes_are_good_ && !problems_.is_tainted(from.at);
    bool const constant = check_template(r.service, from, "service");
    if (constant && !r.service.empty()) require_service(r.service, place_of(from, "service"), "rule.service");
    if (check_template(r.instance, from, "instance") && !r.instance.empty()) {
      auto const parsed = parse_host_port(r.instance);
      if (!parsed) problems_.add(place_of(from, "instance"), "rule.instance", parsed.error().context);
    }
    check_template(r.key, from, "key");
  }

  void require_service(std::string_view name, position at, std::string key) {
    bool const known = std::find(services_.begin(), services_.end(), name) != services_.end();
    if (known || problems_.has("services")) return;
    problems_.add(at, std::move(key),
                  fmt::format("there is no service '{}'{}", name, guess_or_list(name, services_, "write one of")));
  }

 private:
  /// Every regex of `when`, whose names it adds to the captures.
  void judge_regexes(node const& from, std::string const& path) {
    if (auto const* const list = from.as<node::list>()) {
      for (auto const& element : *list) judge_regexes(element, path);
    } else if (auto const* const table = from.as<node::table>()) {
      for (auto const& m : *table) {
        auto const* const text = m.value.as<std::string>();
        bool const is_regex = m.key == "regex" || m.key == "text";
        if (text != nullptr && is_regex) judge_regex(*text, m.value.at, path + "." + m.key);
        if (text == nullptr) judge_regexes(m.value, path + "." + m.key);
      }
    }
  }

  void judge_regex(std::string_view regex, position at, std::string key) {
    if (!outside_.judge_regex || problems_.is_tainted(at)) return;
    if (auto const fault = outside_.judge_regex(regex)) {
      regexes_are_good_ = false;
      return problems_.add(inside(at, fault->at), std::move(key), fault->text);
    }
    if (outside_.captures_of) captures_.merge(set_of(outside_.captures_of(regex)));
  }

  static std::set<std::string> set_of(std::vector<std::string> const& names) { return {names.begin(), names.end()}; }

  /// Whether the template has no captures.
  bool check_template(std::string_view text, node const& from, std::string_view key) {
    auto const parsed = captures_in(text);
    auto const complain = [&](std::size_t at, std::string what) {
      problems_.add(inside(place_of(from, key), at), fmt::format("rule.{}", key), std::move(what));
    };
    if (auto const* const fault = std::get_if<text_fault>(&parsed)) {
      complain(fault->at, fault->text);
      return false;
    }
    auto const& uses = std::get<std::vector<capture_use>>(parsed);
    std::vector<std::string_view> const known(captures_.begin(), captures_.end());
    for (auto const& use : uses) {
      if (!captures_are_known_ || captures_.contains(std::string(use.name))) continue;
      complain(use.at, fmt::format("no regex of this rule captures '{}'{}", use.name,
                                   guess_or_list(use.name, known, "known here:")));
    }
    return uses.empty();
  }

  std::vector<std::string_view> services_;
  outside_knowledge const& outside_;
  report& problems_;
  std::set<std::string> captures_;  // of the rule at hand
  bool regexes_are_good_ = true;
  bool captures_are_known_ = false;  // a rule with other faults may lack the one that captures
};

}  // namespace

void check_rules(config const& value, node const& root, outside_knowledge const& outside, report& problems) {
  check_ids(value.rules, "rule", root, problems);
  check_ids(value.routes, "route", root, problems);
  rule_check check(value, outside, problems);
  for (std::size_t i = 0; i < value.rules.size(); ++i) check.check(value.rules[i], *section_node(root, "rule", i));
  for (std::size_t i = 0; i < value.routes.size(); ++i) {
    auto const& from = *section_node(root, "route", i);
    auto const service = service_of_uri(value.routes[i].uri);
    if (service) check.require_service(*service, place_of(from, "uri"), "route.uri");
  }
}

}  // namespace gw::config
