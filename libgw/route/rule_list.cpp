#include "route/rule_list.hpp"

#include "core/snippet.hpp"

#include <fmt/format.h>

#include <iterator>
#include <utility>

namespace gw::route {
namespace {

void explain_yes(rule const& answering, yielded const& what, std::string& to) {
  fmt::format_to(std::back_inserter(to), "rule '{}' answers\n", answering.id());
  auto const line = [&](std::string_view name, std::string_view text) {
    if (!text.empty()) fmt::format_to(std::back_inserter(to), "  {} = {}\n", name, one_line(text));
  };
  for (std::size_t i = 0; i < answering.names().size(); ++i) line(answering.names()[i], answering.captured()[i]);
  line("-> service", what.service);
  line("-> instance", what.instance);
  line("-> key", what.key);
}

}  // namespace

result<rule_list> rule_list::make(std::span<config::rule const> rules, bool lenient) {
  rule_list made;
  made.source_.assign(rules.begin(), rules.end());
  made.lenient_ = lenient;
  for (auto const& source : rules) {
    auto compiled = rule::make(source, made.fields_, made.asked_);
    if (!compiled) return compiled.error();
    made.rules_.push_back(*std::move(compiled));
  }
  return made;
}

// What was compiled once compiles again.
rule_list::rule_list(rule_list const& other) : rule_list(make(other.source_, other.lenient_).value()) {}

ruling rule_list::ask(message_facts::content what, std::string_view text, circumstances const& from,
                      std::string* explained) {
  message_facts about{.what = what, .text = text, .from = from, .reader = fields_, .lenient = lenient_};
  std::string why;
  ruling made;
  for (std::uint32_t number = 1; number <= size(); ++number) {
    auto& one = rules_[number - 1];
    if (made.said == answer::yes) {
      fmt::format_to(std::back_inserter(*explained), "rule '{}' is not asked: '{}' has answered\n", one.id(),
                     at(made.rule).id());
      continue;
    }
    auto const said = one.ask(about, explained == nullptr ? nullptr : &why);
    if (said == answer::yes) {
      made = {said, number, one.yield(from)};
      if (explained == nullptr) return made;
      explain_yes(one, made.what, *explained);
      continue;
    }
    if (said == answer::later) return {.said = said};
    if (explained != nullptr) fmt::format_to(std::back_inserter(*explained), "rule '{}': {}\n", one.id(), why);
  }
  return made;
}

}  // namespace gw::route
