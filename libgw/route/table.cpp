#include "route/table.hpp"

#include "core/did_you_mean.hpp"
#include "wire/method_path.hpp"

#include <fmt/format.h>

#include <iterator>
#include <utility>
#include <variant>

namespace gw::route {
namespace {

constexpr std::string_view gateway_service = "gateway";  // reserved: no service of the configuration has this name
constexpr std::string_view heartbeat_path = "heartbeat";
constexpr std::string_view control_prefix = "$gw/";

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

/// The member that a JSON Pointer of one part names (RFC 6901 section 4).
std::string member_name(std::string_view pointer) {
  std::string name;
  for (std::size_t i = 1; i < pointer.size(); ++i) {
    bool const escape = pointer[i] == '~' && i + 1 < pointer.size() && (pointer[i + 1] == '0' || pointer[i + 1] == '1');
    name += escape ? (pointer[++i] == '0' ? '~' : '/') : pointer[i];
  }
  return name;
}

decision refused(errc fault, std::string_view why, std::string_view method = {}) {
  return {.verdict = route_verdict::failed, .fault = fault, .why = why, .method = method};
}

/// A refused routing key may hold control characters, which must not reach the terminal.
std::string harmless(std::string_view text) {
  std::string shown(text);
  for (auto& c : shown) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return shown;
}

/// A piece of `text` around byte `at`, and a caret under it; whatever is not printable ASCII is shown as one '.'.
std::string with_caret(std::string_view text, std::size_t at) {
  constexpr std::size_t around = 36;
  auto const from = at > around ? at - around : 0;
  std::string shown(text.substr(from, 2 * around));
  for (auto& c : shown) {
    if (c < ' ' || c > '~') c = '.';
  }
  return fmt::format("  {}\n  {:>{}}\n", shown, '^', at - from + 1);
}

}  // namespace

std::optional<pattern_fault> url_pattern_fault(std::string_view source) {
  auto compiled = pattern::compile(source);
  if (auto* const fault = std::get_if<pattern_fault>(&compiled)) return std::move(*fault);
  if (std::get<pattern>(compiled).has_capture("service")) return std::nullopt;
  return pattern_fault{source.size(), "needs the capture {service}"};
}

result<table> table::make(config::url_rule const& rule, std::vector<std::string> service_names) {
  if (auto const fault = url_pattern_fault(rule.pattern)) {
    return error{.code = errc::bad_config,
                 .context = fmt::format("url_rule.pattern: at byte {}: {}", fault->at, fault->text),
                 .cause = {}};
  }
  return table(rule, std::get<pattern>(pattern::compile(rule.pattern)), std::move(service_names));
}

table::table(config::url_rule const& rule, pattern compiled, std::vector<std::string> service_names)
    : enabled_(rule.enabled),
      rules_{.key = member_name(rule.field),
             .level = level_of(rule.validate),
             .lenient = rule.lenient == config::leniency::automatic},
      scanner_(rules_),
      pattern_(std::move(compiled)),
      names_(std::move(service_names)) {
  for (std::size_t i = 0; i < names_.size(); ++i) index_.emplace(names_[i], static_cast<std::uint32_t>(i));
}

std::optional<service_ref> table::find(std::string_view name) const {
  auto const at = index_.find(name);
  if (at == index_.end()) return std::nullopt;
  return service_ref{at->second};
}

decision table::decide(std::string_view text) {
  if (!enabled_) return unanswered(errc::no_route, "url_rule is not enabled");
  auto const head = scanner_.scan(text);
  if (head.verdict == wire::head_verdict::found) {
    if (auto const known = routed_.find(head.value)) return routed(*known, head.value);
  }
  captures found;
  auto const d = judge(head, found);
  if (d.verdict == route_verdict::routed) routed_.remember(d.method, d.service.index);
  return d;
}

decision table::routed(std::uint32_t service, std::string_view method) const {
  return {.verdict = route_verdict::routed, .service = {service}, .method = method, .named_service = names_[service]};
}

decision table::decide_binary() const {
  return unanswered(errc::unsupported_type, "no rule takes binary messages");
}

decision table::decide_prefix(std::string_view first, bool& undecided) {
  undecided = false;
  if (!enabled_) return unanswered(errc::no_route, "url_rule is not enabled");
  auto const head = scanner_.scan_prefix(first);
  undecided = head.verdict == wire::head_verdict::undecided;
  if (undecided) return {};
  captures found;
  return judge(head, found);
}

decision table::judge(wire::head const& head, captures& found) const {
  switch (head.verdict) {
    case wire::head_verdict::found:
      return judge_method(head.value, found);
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

decision table::judge_method(std::string_view method, captures& found) const {
  if (method.starts_with(control_prefix)) {
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
  auto made = refused(errc::no_route, "no such service", method);
  made.named_service = name;
  if (auto const known = find(name)) {
    made.verdict = route_verdict::routed;
    made.service = *known;
    made.why = {};
  }
  return made;
}

// The one place where the URL rule has no answer but another rule may: whatever rules there are besides it are asked
// here, before the fault stands.
decision table::unanswered(errc fault, std::string_view why, std::string_view method) const {
  return refused(fault, why, method);
}

std::string table::explain(std::string_view text) {
  std::string out;
  auto const to = std::back_inserter(out);
  auto const failed = [&](decision const& d) { fmt::format_to(to, "{}: {}\n", row_of(d.fault).name, d.why); };
  if (!enabled_) {
    failed(decide(text));
    return out;
  }
  auto const head = scanner_.scan(text);
  captures found;
  auto const made = judge(head, found);
  if (head.verdict != wire::head_verdict::found) {
    failed(made);
    return out + with_caret(text, head.at);
  }
  fmt::format_to(to, "routing key '{}' at byte {}: {}\n", rules_.key, head.at, harmless(head.value));
  if (made.named_service.empty()) {
    failed(made);
    return out + with_caret(text, head.at);
  }
  fmt::format_to(to, "matches {}\n", pattern_.source());
  for (auto const& [name, value] : found) fmt::format_to(to, "  {} = {}\n", name, value);
  switch (made.verdict) {
    case route_verdict::routed:
      fmt::format_to(to, "service {}\n", name_of(made.service));
      break;
    case route_verdict::heartbeat:
    case route_verdict::control:
      out += "answered by the gateway itself\n";
      break;
    case route_verdict::failed: {
      std::vector<std::string_view> const known(names_.begin(), names_.end());
      fmt::format_to(to, "{}: no service '{}'{}\n", row_of(made.fault).name, made.named_service,
                     did_you_mean_text(made.named_service, known));
      break;
    }
  }
  return out;
}

}  // namespace gw::route
