#include "tools/route_suite_run.hpp"

#include "config/address.hpp"
#include "core/did_you_mean.hpp"
#include "core/snippet.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace gw::tools {
namespace {

using json = nlohmann::ordered_json;
using kind = route_verdict::kind;

/// What a case expects, held against what came.
class comparison {
 public:
  comparison(route_case const& of, route_judge& judge, route_verdict const& v)
      : case_(of), judge_(judge), verdict_(v), rule_(judge.rule_of(v)) {}

  std::vector<std::string> differences() && {
    compare_word();
    if (case_.expect_rule) compare("rule", *case_.expect_rule, name_of_rule());
    for (auto const& [name, text] : case_.expect_captures) compare_capture(name, text);
    if (case_.expect_key) compare("key", *case_.expect_key, verdict_.made.key);
    if (case_.expect_instance) compare_instance();
    if (!case_.expect_error.empty()) compare_error();
    return std::move(found_);
  }

 private:
  void compare(std::string_view what, std::string_view expected, std::string_view got) {
    if (expected == got) return;
    found_.push_back(fmt::format("{}: expected '{}', got {}", what, one_line(expected),
                                 got.empty() ? "none" : fmt::format("'{}'", one_line(got))));
  }

  void compare_word() {
    if (case_.expect == verdict_.word) return;
    auto text = fmt::format("expected {}, got {}", case_.expect, verdict_.word);
    if (verdict_.what == kind::refused || verdict_.what == kind::closes) text += ": " + judge_.reason_of(verdict_);
    if (auto const by = name_of_rule(); !by.empty() && !case_.expect_rule) {
      text += by == url_rule_name ? ", by the URL rule" : fmt::format(", by rule '{}'", by);
    }
    found_.push_back(std::move(text));
  }

  /// Who answered; empty if nobody did.
  std::string_view name_of_rule() const {
    if (rule_ != nullptr) return rule_->id();
    bool const by_url = verdict_.what == kind::routed || verdict_.what == kind::answered;
    return by_url ? url_rule_name : std::string_view();
  }

  void compare_capture(std::string_view name, std::string_view expected) {
    auto const what = fmt::format("capture {}", name);
    if (rule_ == nullptr) return compare(what, expected, {});
    auto const& names = rule_->names();
    auto const at = std::find(names.begin(), names.end(), name);
    if (at != names.end()) {
      return compare(what, expected, rule_->captured()[static_cast<std::size_t>(at - names.begin())]);
    }
    std::vector<std::string_view> const known(names.begin(), names.end());
    found_.push_back(fmt::format("{}: rule '{}' captures no such thing{}", what, rule_->id(),
                                 guess_or_list(name, known, "it captures")));
  }

  void compare_instance() {
    auto const* const pick = verdict_.pick;
    if (pick == nullptr && verdict_.what == kind::routed) {
      found_.emplace_back("instance: cannot be known without the addresses of the service's host names");
      return;
    }
    compare("instance", *case_.expect_instance,
            pick == nullptr ? "" : config::host_port_text(pick->configured.host, pick->configured.port));
  }

  void compare_error() {
    auto const frame = json::parse(judge_.answer_to(verdict_, *case_.message, 1), nullptr, false);
    for (auto const& [pointer, expected] : case_.expect_error) {
      json::json_pointer const at(pointer);
      auto const got = frame.is_object() && frame.contains(at) ? frame[at].dump() : "nothing";
      if (got != expected)
        found_.push_back(fmt::format("error {}: expected {}, got {}", pointer, expected, one_line(got)));
    }
  }

  route_case const& case_;
  route_judge& judge_;
  route_verdict const& verdict_;
  route::rule const* rule_;
  std::vector<std::string> found_;
};

/// Which rules and services were of any use.
class visits {
 public:
  explicit visits(config::config const& of) : settings_(of), rules_(of.rules.size()), services_(of.services.size()) {}

  void add(route_verdict const& v) {
    if (v.made.rule != 0) rules_[v.made.rule - 1] = true;
    if (v.what == kind::routed) services_[v.made.service.index] = true;
  }

  std::vector<unvisited> missing(std::map<std::string, std::string> const& places) const {
    std::vector<unvisited> found;
    auto const add = [&](std::string_view what, std::string_view section, std::string const& name) {
      auto const at = places.find(fmt::format("{}.{}", section, name));
      found.push_back({fmt::format("{} '{}'", what, name), at == places.end() ? std::string() : at->second});
    };
    for (std::size_t i = 0; i < rules_.size(); ++i) {
      if (!rules_[i]) add("rule", "rule", settings_.rules[i].id);
    }
    for (std::size_t i = 0; i < services_.size(); ++i) {
      if (!services_[i] && settings_.url_rule.enabled) add("service", "services", settings_.services[i].name);
    }
    return found;
  }

 private:
  config::config const& settings_;
  std::vector<bool> rules_;
  std::vector<bool> services_;
};

case_result run_case(route_case const& c, route_judge& judge, visits& seen) {
  auto const v = judge.judge(*c.message, c.binary, c.session);
  seen.add(v);
  case_result result{.of = &c};
  result.differences = comparison(c, judge, v).differences();
  add_json(result.verdict, judge, {.message = *c.message, .binary = c.binary, .seq = 1, .verdict = v});
  if (!result.ok()) result.explanation = judge.explain(*c.message, c.binary, c.session);
  return result;
}

}  // namespace

suites_result run_route_suites(std::vector<route_suite> const& suites, route_judge& judge,
                               std::map<std::string, std::string> const& places) {
  suites_result all;
  visits seen(judge.settings());
  for (auto const& suite : suites) {
    auto& results = all.suites.emplace_back(suite_result{suite.file, {}}).cases;
    for (auto const& c : suite.cases) {
      results.push_back(run_case(c, judge, seen));
      ++(results.back().ok() ? all.passed : all.failed);
    }
  }
  all.never_hit = seen.missing(places);
  return all;
}

}  // namespace gw::tools
