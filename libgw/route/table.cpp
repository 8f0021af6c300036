#include "route/table.hpp"

#include "core/did_you_mean.hpp"
#include "core/json_pointer.hpp"
#include "wire/method_path.hpp"

#include <fmt/format.h>

#include <span>
#include <utility>
#include <variant>

namespace gw::route {
namespace {

constexpr std::string_view gateway_service = "gateway";  // reserved: no service of the configuration has this name
constexpr std::string_view heartbeat_path = "heartbeat";
constexpr std::string_view control_prefix = "$gw/";
constexpr std::string_view url_rule_off = "url_rule is not enabled";

wire::validation level_of(config::validation level) {
  switch (level) {
    case config::validation::routing:
      return wire::validation::routing;
    case config::validation::structure:
      return wire::validation::structure;
    case config::validation::grammar:
      return wire::validation::grammar;
  }
  return wire::validation::grammar;
}

decision refused(errc fault, std::string_view why, std::string_view method = {}) {
  return {.verdict = route_verdict::failed, .fault = fault, .why = why, .method = method};
}

/// Where the URL rule has no answer but another rule may.
decision unanswered(errc fault, std::string_view why, std::string_view method = {}) {
  auto made = refused(fault, why, method);
  made.unanswered = true;
  return made;
}

}  // namespace

std::optional<text_fault> url_pattern_fault(std::string_view source) {
  auto compiled = pattern::compile(source);
  if (auto* const fault = std::get_if<text_fault>(&compiled)) return std::move(*fault);
  if (std::get<pattern>(compiled).has_capture("service")) return std::nullopt;
  return text_fault{source.size(), "needs the capture {service}"};
}

result<table> table::make(config::url_rule const& rule, std::vector<std::string> service_names,
                          std::span<config::rule const> custom_rules) {
  if (auto const fault = url_pattern_fault(rule.pattern)) {
    return error{.code = errc::bad_config,
                 .context = fmt::format("url_rule.pattern: at byte {}: {}", fault->at, fault->text),
                 .cause = {}};
  }
  auto custom = rule_list::make(custom_rules, rule.lenient == config::leniency::automatic);
  if (!custom) return custom.error();
  table made(rule, std::get<pattern>(pattern::compile(rule.pattern)), std::move(service_names), *std::move(custom));
  if (auto checked = made.check_services(); !checked) return checked.error();
  return made;
}

table::table(config::url_rule const& rule, pattern compiled, std::vector<std::string> service_names, rule_list custom)
    : enabled_(rule.enabled),
      rules_{.key = json_pointer_name(std::string_view(rule.field).substr(1)),
             .level = level_of(rule.validate),
             .lenient = rule.lenient == config::leniency::automatic},
      scanner_(rules_),
      pattern_(std::move(compiled)),
      custom_(std::move(custom)) {
  for (auto& name : service_names) add(std::move(name));
}

void table::add(std::string service) {
  auto const& kept = names_.emplace_back(std::move(service));
  index_.emplace(kept, static_cast<std::uint32_t>(names_.size() - 1));
}

result<> table::check_services() const {
  for (std::uint32_t number = 1; number <= custom_.size(); ++number) {
    auto const name = custom_.at(number).constant_service();
    if (!name || find(*name)) continue;
    std::vector<std::string_view> const known(names_.begin(), names_.end());
    return error{.code = errc::bad_config,
                 .context = fmt::format("rule '{}': service: no service '{}'{}", custom_.at(number).id(), *name,
                                        did_you_mean_text(*name, known)),
                 .cause = {}};
  }
  return {};
}

std::optional<service_ref> table::find(std::string_view name) const {
  auto const at = index_.find(name);
  if (at == index_.end()) return std::nullopt;
  return service_ref{at->second};
}

decision table::decide(std::string_view text, circumstances const& from) {
  if (!enabled_) {
    auto const head = from.control ? scanner_.scan(text) : wire::head{};
    return decide_further(judge_disabled(head), message_facts::content::text, text, from);
  }
  auto const head = scanner_.scan(text);
  if (head.verdict == wire::head_verdict::found) {
    if (auto const known = routed_.find(head.value)) return routed(*known, head.value);
  }
  captures found;
  auto const d = judge(head, from.control, found);
  if (d.verdict == route_verdict::routed) routed_.remember(d.method, d.service.index);
  if (!d.unanswered || custom_.empty()) return d;
  return decide_further(d, message_facts::content::text, text, from);
}

decision table::routed(std::uint32_t service, std::string_view method) const {
  return {.verdict = route_verdict::routed, .service = {service}, .method = method, .named_service = names_[service]};
}

decision table::decide_binary(circumstances const& from) {
  return decide_further(judge_binary(), message_facts::content::binary, {}, from);
}

decision table::decide_prefix(std::string_view first, circumstances const& from, bool& undecided) {
  auto const head = enabled_ || from.control ? scanner_.scan_prefix(first) : wire::head{};
  undecided = (enabled_ || from.control) && head.verdict == wire::head_verdict::undecided;
  if (undecided) return {};
  captures found;
  auto made = enabled_ ? judge(head, from.control, found) : judge_disabled(head);
  if (made.unanswered && !custom_.empty()) {
    auto const by = custom_.ask(message_facts::content::beginning, first, from);
    undecided = by.said == answer::later;
    if (by.said == answer::yes) made = answer_of(by, made);
  }
  made.watched = enabled_ && head.verdict == wire::head_verdict::found;
  return made;
}

std::string_view table::method_of(std::string_view text) {
  auto const head = scanner_.scan(text);
  return head.verdict == wire::head_verdict::found ? head.value : std::string_view{};
}

decision table::judge(wire::head const& head, bool control, captures& found) const {
  switch (head.verdict) {
    case wire::head_verdict::found:
      return judge_method(head.value, control, found);
    case wire::head_verdict::not_json:
    case wire::head_verdict::undecided:
      return unanswered(errc::parse_error, head.why);
    case wire::head_verdict::no_key:
      return unanswered(errc::no_method, head.why);
    case wire::head_verdict::bad_key:
      return refused(errc::bad_method, head.why);
  }
  return refused(errc::internal, "unknown verdict");
}

decision table::judge_method(std::string_view method, bool control, captures& found) const {
  if (method.starts_with(control_prefix)) {
    if (control) return {.verdict = route_verdict::control, .method = method};
    return refused(errc::bad_method, "control messages need the subprotocol wsgw.v1", method);
  }
  if (wire::judge_method(method) == wire::path_verdict::bad) {
    return refused(errc::bad_method, "the routing key is too long or has a bad path", method);
  }
  if (!pattern_.match(method, found)) {
    return unanswered(errc::no_route, "the routing key does not match url_rule.pattern", method);
  }
  auto const name = found["service"];
  if (name == gateway_service && found["path"] == heartbeat_path) {
    return {.verdict = route_verdict::heartbeat, .method = method, .named_service = name};
  }
  if (auto const known = find(name)) return routed(known->index, method);
  auto made = refused(errc::no_route, "no such service", method);
  made.named_service = name;
  return made;
}

// Every message is for the custom rules then, but for what a client says to the gateway itself.
decision table::judge_disabled(wire::head const& head) const {
  bool const control = head.verdict == wire::head_verdict::found && head.value.starts_with(control_prefix);
  if (control) return {.verdict = route_verdict::control, .method = head.value};
  return unanswered(errc::no_route, url_rule_off);
}

decision table::judge_binary() {
  return unanswered(errc::unsupported_type, "no rule takes binary messages");
}

decision table::decide_further(decision const& url, message_facts::content what, std::string_view text,
                               circumstances const& from) {
  if (!url.unanswered || custom_.empty()) return url;
  auto const by = custom_.ask(what, text, from);
  return by.said == answer::yes ? answer_of(by, url) : url;
}

decision table::answer_of(ruling const& by, decision const& url) const {
  decision made{.method = url.method, .rule = by.rule};
  if (!by.what.fault.empty()) {
    made.fault = errc::rule_error;
    made.why = by.what.fault;
    return made;
  }
  made.named_service = by.what.service;
  auto const known = find(by.what.service);
  if (!known) {
    made.why = "the rule names no service that is known here";
    return made;
  }
  made.verdict = route_verdict::routed;
  made.service = *known;
  made.named_service = names_[known->index];
  made.instance = by.what.instance;
  made.key = by.what.key;
  return made;
}

}  // namespace gw::route
