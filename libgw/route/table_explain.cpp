#include "core/did_you_mean.hpp"
#include "core/snippet.hpp"
#include "route/table.hpp"

#include <fmt/format.h>

#include <iterator>

// The half of table that speaks to people: the same judgements as in table.cpp, told step by step.
namespace gw::route {
namespace {

void tell_fault(decision const& d, std::string& out, std::string_view place = {}) {
  fmt::format_to(std::back_inserter(out), "{}: {}{}\n", row_of(d.fault).name, d.why, place);
}

void tell_key(wire::head_rules const& rules, wire::head const& head, std::string& out) {
  fmt::format_to(std::back_inserter(out), "routing key '{}' at byte {}: {}\n", rules.key, head.at,
                 one_line(head.value));
}

}  // namespace

std::string table::explain(std::string_view text, circumstances const& from) {
  captures found;
  auto const head = enabled_ || from.control ? scanner_.scan(text) : wire::head{};
  auto const url = enabled_ ? judge(head, from.control, found) : judge_disabled(head);
  std::string further;
  bool const taken = explain_further(url, message_facts::content::text, text, from, further);
  std::string out;
  if (taken) {
    if (enabled_ && head.verdict == wire::head_verdict::found) tell_key(rules_, head, out);
    fmt::format_to(std::back_inserter(out), "URL rule: no answer ({})\n", url.why);
  } else {
    explain_url_rule(text, head, url, found, out);
  }
  return out + further;
}

std::string table::explain_binary(circumstances const& from) {
  std::string out;
  auto const url = judge_binary();
  if (custom_.empty()) {
    tell_fault(url, out);
  } else {
    out += "binary: not for the URL rule\n";
  }
  explain_further(url, message_facts::content::binary, {}, from, out);
  return out;
}

void table::explain_url_rule(std::string_view text, wire::head const& head, decision const& url, captures const& found,
                             std::string& out) const {
  bool const answers = url.verdict != route_verdict::failed;
  if (!enabled_ && !answers) return tell_fault(url, out);
  if (head.verdict != wire::head_verdict::found) {
    bool const at_byte = head.verdict == wire::head_verdict::not_json;
    tell_fault(url, out, at_byte ? fmt::format(", at byte {}", head.at) : std::string());
    out += snippet(text, head.at);
    return;
  }
  auto const to = std::back_inserter(out);
  tell_key(rules_, head, out);
  if (!answers && url.named_service.empty()) {
    tell_fault(url, out);
    out += snippet(text, head.at);
    return;
  }
  if (url.verdict != route_verdict::control) fmt::format_to(to, "matches {}\n", pattern_.source());
  for (auto const& [name, value] : found) fmt::format_to(to, "  {} = {}\n", name, one_line(value));
  explain_verdict(url, out);
}

bool table::explain_further(decision const& url, message_facts::content what, std::string_view text,
                            circumstances const& from, std::string& out) {
  if (custom_.empty()) return false;
  if (!url.unanswered) {
    auto const why = url.verdict == route_verdict::failed ? "this fault is final" : "the URL rule has answered";
    for (std::uint32_t number = 1; number <= custom_.size(); ++number) {
      fmt::format_to(std::back_inserter(out), "rule '{}' is not asked: {}\n", custom_.at(number).id(), why);
    }
    return false;
  }
  auto const by = custom_.ask(what, text, from, &out);
  if (by.said != answer::yes) {
    out += "no rule answers\n";
    return false;
  }
  explain_verdict(answer_of(by, url), out);
  return true;
}

void table::explain_verdict(decision const& made, std::string& out) const {
  auto const to = std::back_inserter(out);
  switch (made.verdict) {
    case route_verdict::routed:
      fmt::format_to(to, "service {}\n", name_of(made.service));
      break;
    case route_verdict::heartbeat:
    case route_verdict::control:
      out += "answered by the gateway itself\n";
      break;
    case route_verdict::failed: {
      if (made.fault != errc::no_route) return tell_fault(made, out);
      std::vector<std::string_view> const known(names_.begin(), names_.end());
      fmt::format_to(to, "{}: no service '{}'{}\n", row_of(made.fault).name, one_line(made.named_service),
                     did_you_mean_text(made.named_service, known));
      break;
    }
  }
}

}  // namespace gw::route
