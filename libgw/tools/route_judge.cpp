#include "tools/route_judge.hpp"

#include "cluster/hash.hpp"
#include "config/address.hpp"
#include "core/did_you_mean.hpp"
#include "core/snippet.hpp"
#include "route/hash_source.hpp"
#include "wire/control_message.hpp"
#include "wire/strict_head.hpp"
#include "wire/strict_head_lexis.hpp"
#include "wire/target.hpp"
#include "wire/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace gw::tools {
namespace {

// Behind the services: the codes of error frames, in the order of errc, then these.
constexpr std::size_t codes = static_cast<std::size_t>(errc::internal) + 1;
constexpr std::size_t by_gateway = codes;
constexpr std::size_t bad_text = codes + 1;
constexpr std::size_t too_long = codes + 2;

// Clients choose the names that are guessed at.
constexpr std::size_t most_guesses = 1024;

error usage(std::string what) {
  return {.code = errc::bad_usage, .context = std::move(what), .cause = {}};
}

std::vector<std::string> words_of(config::config const& settings) {
  std::vector<std::string> words;
  for (auto const& s : settings.services) words.push_back(s.name);
  for (std::size_t i = 0; i < codes; ++i) words.emplace_back(row_of(static_cast<errc>(i)).name);
  words.insert(words.end(), {"gateway", "1007", "1009"});
  return words;
}

/// A path of `ws_paths` that a client could ask for.
std::string usual_path(config::config const& settings) {
  for (auto const& l : settings.listeners) {
    for (auto const& path : l.ws_paths) {
      if (path.find('*') == path.npos) return path;
    }
  }
  return "/ws";
}

bool is_name(config::instance const& i) {
  return !config::is_ip_literal(i.host);
}

}  // namespace

result<route_judge> route_judge::make(config::config settings) {
  std::vector<std::string> names;
  for (auto const& s : settings.services) names.push_back(s.name);
  auto rules = route::table::make(settings.url_rule, names, settings.rules);
  if (!rules) return rules.error();
  auto tunnels = route::handshake_routes::make(settings.routes, names);
  if (!tunnels) return tunnels.error();
  return route_judge(std::move(settings), *std::move(rules), *std::move(tunnels));
}

route_judge::route_judge(config::config settings, route::table rules, route::handshake_routes tunnels)
    : settings_(std::move(settings)),
      rules_(std::move(rules)),
      tunnels_(std::move(tunnels)),
      words_(words_of(settings_)) {
  auto const itself = [](std::string_view host, std::uint16_t) { return std::vector{std::string(host)}; };
  registry_ = cluster::registry::make(cluster::located(settings_.services, itself), 1);
  for (std::size_t i = 0; i < settings_.services.size(); ++i) {
    auto const& s = settings_.services[i];
    auto& state = states_.emplace_back();
    state.asked.emplace(cluster::make_pool(settings_, i, 0)).update(registry_, i, {});
    state.has_names = std::any_of(s.instances.begin(), s.instances.end(), is_name);
    nobody_.push_back({.code = errc::no_instance, .context = route::no_instance_text(s.name), .cause = {}});
  }
}

/// The head that a client would send.
std::string route_judge::head_of(written_handshake const& written) const {
  auto const path = written.path.empty() ? usual_path(settings_) : written.path;
  auto head = fmt::format("GET {}{}{} HTTP/1.1\r\n", path, written.query.empty() ? "" : "?", written.query);
  bool has_host = false;
  for (auto const& [name, value] : written.headers) {
    head.append(name).append(": ").append(value).append("\r\n");
    has_host = has_host || wire::same_name(name, "Host");
  }
  return head.append(has_host ? "\r\n" : "Host: localhost\r\n\r\n");
}

std::string route_judge::remark_on(std::string_view path, std::string_view host) const {
  for (auto const& l : settings_.listeners) {
    auto const matches = [path](auto const& pattern) { return wire::path_matches(pattern, path); };
    if (std::any_of(l.ws_paths.begin(), l.ws_paths.end(), matches)) return {};
  }
  if (auto const* const tunnel = tunnels_.match(path, host)) {
    return fmt::format("a WebSocket at '{}' is carried 1:1 by route '{}': its messages meet no rule", path, tunnel->id);
  }
  return fmt::format("no listener takes WebSockets at '{}' (ws_paths): a gateway answers 404", path);
}

result<judged_session> route_judge::session_of(written_handshake const& written) const {
  auto const raw = head_of(written);
  if (wire::find_head_end(raw, 0) != raw.size()) return usage("a header ends the head of the handshake");
  auto const head = wire::judge_request(raw);
  if (!head) return usage(fmt::format("no gateway takes this handshake: {}", head.error().why));
  auto const target = wire::judge_target(head->target);
  if (!target) return usage(fmt::format("the path or the query: '{}': {}", head->target, target.error().why));
  if (!config::is_ip_literal(written.client)) return usage(fmt::format("'{}' is no IP address", written.client));
  route::handshake const given{.head = *head,
                               .target = *target,
                               .subprotocol = written.subprotocol,
                               .client = written.client,
                               .user = written.user};
  std::vector<std::optional<std::uint64_t>> keys;
  for (auto const& s : settings_.services) {
    auto const source = route::hash_source_of(s.hash_on, given);
    keys.push_back(source ? std::optional(cluster::hash_of(*source)) : std::nullopt);
  }
  return judged_session{.told = route::circumstances_of(rules_.asked(), given),
                        .keys = std::move(keys),
                        .remark = remark_on(target->path, head->get("Host"))};
}

route_verdict route_judge::judge(std::string_view message, bool binary, judged_session const& from) {
  auto const service_count = static_cast<std::uint32_t>(services());
  if (is_too_long(message)) {
    return closes(service_count + too_long, "the message is larger than session.max_message");
  }
  if (!binary && !wire::is_utf8(message)) return closes(service_count + bad_text, "the text is not UTF-8");
  auto const made = binary ? rules_.decide_binary(from.told) : rules_.decide(message, from.told);
  switch (made.verdict) {
    case route::route_verdict::routed:
      return routed(made, message, from);
    case route::route_verdict::heartbeat:
      return {.what = route_verdict::kind::answered,
              .word = words_[service_count + by_gateway],
              .bucket = service_count + static_cast<std::uint32_t>(by_gateway),
              .made = made};
    case route::route_verdict::control:
      return controlled(made, message);
    case route::route_verdict::failed:
      break;
  }
  return refused(made, route::refusal_of(made));
}

bool route_judge::is_too_long(std::string_view message) const noexcept {
  return message.size() > settings_.session.max_message;
}

route_verdict route_judge::closes(std::uint32_t bucket, std::string_view why) const {
  return {.what = route_verdict::kind::closes, .word = words_[bucket], .bucket = bucket, .because = {.why = why}};
}

route_verdict route_judge::refused(route::decision const& made, route::refusal const& because) const {
  auto const bucket = static_cast<std::uint32_t>(services() + static_cast<std::size_t>(because.code));
  return {
      .what = route_verdict::kind::refused, .word = words_[bucket], .bucket = bucket, .made = made, .because = because};
}

// A session that has just begun has no channel that it could close.
route_verdict route_judge::controlled(route::decision const& made, std::string_view message) const {
  using kind = wire::control_request::kind;
  auto const request = wire::read_control(made.method, message).what;
  if (request == kind::unknown) return refused(made, route::unknown_control);
  if (request == kind::close) return refused(made, route::no_such_channel);
  auto const bucket = static_cast<std::uint32_t>(services() + by_gateway);
  return {.what = route_verdict::kind::answered, .word = words_[bucket], .bucket = bucket, .made = made};
}

route_verdict route_judge::routed(route::decision const& made, std::string_view message, judged_session const& from) {
  auto const service = made.service.index;
  auto& state = states_[service];
  route_verdict v{.what = route_verdict::kind::routed, .word = words_[service], .bucket = service, .made = made};
  if (made.instance.empty() && made.key.empty()) {
    v.pick = first_choice(service, from);
  } else {
    auto const only = state.asked->meant({.address = made.instance, .key = made.key}, {});
    if (!only) return refused(made, route::no_such_instance);
    v.pick = state.asked->next({.only = only}, {});
  }
  if (v.pick == nullptr) {  // a message that waits for its channel in vain is looked at anew
    route::decision const waited{
        .method = rules_.method_of(message), .named_service = words_[service], .rule = made.rule};
    return refused(waited, route::undeliverable(nobody_[service]));
  }
  bool const could_be_another = made.instance.empty() && state.asked->instances().size() > 1;
  if (state.has_names && could_be_another) v.pick = nullptr;
  return v;
}

// A pool keeps turns and draws lots: each message is judged as the first that a gateway gets.
cluster::instance const* route_judge::first_choice(std::uint32_t service, judged_session const& from) {
  auto& state = states_[service];
  auto const key = service < from.keys.size() ? from.keys[service] : std::nullopt;
  if (state.first && state.key == key) return *state.first;
  auto fresh = cluster::make_pool(settings_, service, 0);
  fresh.update(registry_, service, {});
  state.key = key;
  state.first = fresh.next({.key = key}, {});
  return *state.first;
}

std::string route_judge::answer_to(route_verdict const& v, std::string_view message, std::uint64_t seq) const {
  switch (v.what) {
    case route_verdict::kind::routed:
    case route_verdict::kind::closes:
      return {};
    case route_verdict::kind::answered:
      if (v.made.verdict == route::route_verdict::heartbeat) {
        return wire::make_heartbeat_reply(v.made.method, wire::find_correlation(message));
      }
      if (wire::read_control(v.made.method, message).what != wire::control_request::kind::ping) return {};
      return wire::make_control_pong(wire::find_correlation(message));
    case route_verdict::kind::refused:
      break;
  }
  auto facts = route::facts_of(v.made, v.because, message);
  facts.seq = seq;
  return wire::make_error_frame(facts);
}

std::string route_judge::explain(std::string_view message, bool binary, judged_session const& from) {
  if (is_too_long(message) || (!binary && !wire::is_utf8(message))) return {};
  return binary ? rules_.explain_binary(from.told) : rules_.explain(message, from.told);
}

route::rule const* route_judge::rule_of(route_verdict const& v) const {
  return v.made.rule == 0 ? nullptr : &rules_.custom_rules().at(v.made.rule);
}

std::vector<std::string> route_judge::candidates_of(route_verdict const& v) const {
  std::vector<std::string> found;
  auto const text_of = [](cluster::instance const& i) {
    return config::host_port_text(i.configured.host, i.configured.port);
  };
  if (!v.made.instance.empty()) return {text_of(*v.pick)};
  for (auto const& i : states_[v.made.service.index].asked->instances()) found.push_back(text_of(i));
  return found;
}

std::string route_judge::reason_of(route_verdict const& v) {
  bool const names_unknown = v.because.code == errc::no_route && !v.made.named_service.empty() &&
                             v.what == route_verdict::kind::refused && !rules_.find(v.made.named_service);
  if (!names_unknown) return std::string(v.because.why);
  auto found = guesses_.find(v.made.named_service);
  if (found == guesses_.end()) {
    if (guesses_.size() >= most_guesses) guesses_.clear();
    std::vector<std::string_view> known(words_.begin(), words_.begin() + static_cast<std::ptrdiff_t>(services()));
    auto guess = did_you_mean_text(v.made.named_service, known);
    found = guesses_.emplace(v.made.named_service, std::move(guess)).first;
  }
  return fmt::format("no service '{}'{}", one_line(v.made.named_service), found->second);
}

bool route_judge::knows(std::string_view word) const {
  return std::find(words_.begin(), words_.end(), word) != words_.end();
}

std::string route_judge::guess_for(std::string_view word) const {
  if (knows(word)) return {};
  return did_you_mean_text(word, std::vector<std::string_view>(words_.begin(), words_.end()));
}

}  // namespace gw::tools
