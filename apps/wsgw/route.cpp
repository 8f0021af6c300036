#include "commands.hpp"
#include "settings.hpp"

#include "config/address.hpp"
#include "route/table.hpp"
#include "wire/error_frame.hpp"
#include "wire/utf8.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace wsgw {
namespace {

struct route_options {
  settings_flags flags;
  std::string message;
  // the handshake
  std::vector<std::string> headers;
  std::string path = "/ws";
  std::string query;
  std::string subprotocol;
  std::string client = "127.0.0.1";
  std::optional<std::string> user;
  // the verdict
  std::string expect;
  std::string output = "text";
  bool explain = false;
  bool binary = false;
};

constexpr std::string_view examples =
    "Offline, by the rules that 'wsgw serve' runs. The message is the argument, or standard input without one.\n"
    "Examples:\n"
    "  wsgw route test --service order=127.0.0.1:9001 '{\"method\":\"/api/v1/order/create\"}'\n"
    "  wsgw route test -c wsgw.toml --explain '{\"method\":\"/api/v1/nobody/x\"}'\n"
    "  wsgw route test -c wsgw.toml -H 'X-Tenant: a' --path /ws/audio --client 10.1.2.3 --binary x\n"
    "  wsgw route test -c wsgw.toml --expect NO_ROUTE < message.json";

std::vector<std::string> names_of(gw::config::config const& settings) {
  std::vector<std::string> names;
  for (auto const& s : settings.services) names.push_back(s.name);
  return names;
}

/// What `wsgw serve` would do with the message.
struct verdict {
  bool routed = false;
  std::string word;                                           // the service, or the code of the error frame
  std::string frame;                                          // the error frame, or the answer to a heartbeat
  std::string rule;                                           // id of the custom rule that answered
  std::vector<std::pair<std::string, std::string>> captures;  // of that rule
  std::string instance;
  std::string key;
};

/// The circumstances of a session whose handshake is that of the options; nothing after a complaint.
std::optional<gw::route::circumstances> circumstances_of(route_options const& o, gw::route::table const& table,
                                                         outcome& result) {
  gw::wire::request_head head;
  for (std::string_view const line : o.headers) {
    auto const colon = line.find(':');
    if (colon == 0 || colon == line.npos) {
      result.fail(exit_status::usage, fmt::format("'{}' is no header; write 'Name: value'", line));
      return std::nullopt;
    }
    auto value = line.substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    head.fields.push_back({line.substr(0, colon), value});
  }
  auto const written = o.query.empty() ? o.path : o.path + "?" + o.query;
  auto const target = gw::wire::judge_target(written);
  if (!target) {
    result.fail(exit_status::usage, fmt::format("--path and --query: '{}': {}", written, target.error().why));
    return std::nullopt;
  }
  if (!gw::config::is_ip_literal(o.client)) {
    result.fail(exit_status::usage, fmt::format("--client: '{}' is no IP address", o.client));
    return std::nullopt;
  }
  gw::route::handshake const given{
      .head = head, .target = *target, .subprotocol = o.subprotocol, .client = o.client, .user = o.user};
  return gw::route::circumstances_of(table.asked(), given);
}

/// The instances that may get the message: all of the service, or the one that a rule asks for.
std::vector<std::string> candidates_of(verdict const& v, gw::config::config const& settings) {
  std::vector<std::string> instances;
  for (auto const& s : settings.services) {
    if (s.name != v.word) continue;
    for (auto const& i : s.instances) {
      auto text = gw::config::host_port_text(i.host, i.port);
      if (v.instance.empty() || v.instance == text) instances.push_back(std::move(text));
    }
  }
  return instances;
}

verdict judge(gw::route::table& table, gw::config::config const& settings, std::string const& message, bool binary,
              gw::route::circumstances const& from) {
  auto const d = binary ? table.decide_binary(from) : table.decide(message, from);
  verdict v;
  if (d.rule != 0) {
    auto const& rule = table.custom_rules().at(d.rule);
    v.rule = rule.id();
    for (std::size_t i = 0; i < rule.names().size(); ++i) {
      v.captures.emplace_back(rule.names()[i], gw::route::shown(rule.captured()[i]));
    }
    v.instance = d.instance;
    v.key = gw::route::shown(d.key);
  }
  v.routed = d.verdict == gw::route::route_verdict::routed;
  if (v.routed) {
    v.word = table.name_of(d.service);
    v.routed = v.instance.empty() || !candidates_of(v, settings).empty();
    if (v.routed) return v;
  }
  auto const data = gw::wire::find_correlation(message);
  bool const pinned_in_vain = d.verdict == gw::route::route_verdict::routed;
  if (d.verdict != gw::route::route_verdict::failed && !pinned_in_vain) {
    v.word = "gateway";
    if (d.verdict == gw::route::route_verdict::heartbeat) v.frame = gw::wire::make_heartbeat_reply(d.method, data);
    return v;
  }
  gw::wire::error_facts facts;
  facts.code = pinned_in_vain ? gw::errc::no_instance : d.fault;
  facts.message = pinned_in_vain ? "the service has no such instance" : d.why;
  facts.stage = pinned_in_vain ? "discover" : d.fault == gw::errc::parse_error ? "parse" : "route";
  facts.service = d.named_service;
  facts.seq = 1;
  facts.data = data;
  if (!d.method.empty()) facts.method = d.method;
  v.word = gw::row_of(facts.code).name;
  v.frame = gw::wire::make_error_frame(facts);
  return v;
}

void print_json(verdict const& v, gw::config::config const& settings) {
  nlohmann::ordered_json out;
  out["schema"] = "wsgw.route_test.v1";
  out["routed"] = v.routed;
  out[v.routed ? "service" : "code"] = v.word;
  if (v.routed) out["candidates"] = candidates_of(v, settings);
  if (!v.rule.empty()) {
    out["rule"] = v.rule;
    out["captures"] = nlohmann::ordered_json::object();
    for (auto const& [name, text] : v.captures) out["captures"][name] = text;
  }
  if (!v.instance.empty()) out["instance"] = v.instance;
  if (!v.key.empty()) out["key"] = v.key;
  if (!v.frame.empty()) out["frame"] = nlohmann::ordered_json::parse(v.frame);
  fmt::print("{}\n", out.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

void print_text(verdict const& v, gw::config::config const& settings) {
  if (v.routed) {
    fmt::print("{}  ({})\n", v.word, fmt::join(candidates_of(v, settings), ", "));
  } else {
    fmt::print("{}\n", v.word);
  }
  if (!v.frame.empty()) fmt::print("{}\n", v.frame);
  if (v.rule.empty()) return;
  fmt::print("rule {}\n", v.rule);
  for (auto const& [name, text] : v.captures) fmt::print("  {} = {}\n", name, text);
  if (!v.instance.empty()) fmt::print("instance {}\n", v.instance);
  if (!v.key.empty()) fmt::print("key {}\n", v.key);
}

void run(route_options const& o, bool given, outcome& result) {
  auto const settings = load_settings(o.flags, result);
  if (!settings) return;
  auto table = gw::route::table::make(settings->url_rule, names_of(*settings), settings->rules);
  if (!table) return result.fail(exit_status::bad_config, gw::describe(table.error()));
  auto const from = circumstances_of(o, *table, result);
  if (!from) return;
  auto message = o.message;
  if (!given) message.assign(std::istreambuf_iterator<char>(std::cin), {});
  while (!given && message.ends_with('\n')) message.pop_back();
  if (!o.binary && !gw::wire::is_utf8(message)) {
    return result.fail(exit_status::failed, "the message is not UTF-8: a gateway ends the session with 1007");
  }
  auto const v = judge(*table, *settings, message, o.binary, *from);
  if (o.output == "json") {
    print_json(v, *settings);
  } else {
    print_text(v, *settings);
  }
  if (o.explain) fmt::print("{}\n", o.binary ? table->explain_binary(*from) : table->explain(message, *from));
  if (!o.expect.empty() && o.expect != v.word) {
    result.fail(exit_status::expectation, fmt::format("expected {}, got {}", o.expect, v.word));
  }
}

}  // namespace

void add_route(CLI::App& app, outcome& result) {
  auto const o = std::make_shared<route_options>();
  auto* const route = app.add_subcommand("route", "Look at the routing rules");
  route->require_subcommand(1);
  auto* const c = route->add_subcommand("test", "Say which service a message would go to");
  add_settings_flags(*c, o->flags);
  auto* const message = c->add_option("MESSAGE", o->message, "The text message");
  c->add_option("--expect", o->expect, "Exit 4 unless this is the service, or the code of the error frame")
      ->type_name("SERVICE|CODE");
  c->add_flag("--explain", o->explain, "Say how the verdict came about");
  c->add_flag("--binary", o->binary, "Judge it as a binary message");
  add_list(*c, "-H,--header", o->headers, "A header of the handshake; repeat")->type_name("'NAME: VALUE'");
  c->add_option("--path", o->path, "The path of the handshake [/ws]")->type_name("PATH");
  c->add_option("--query", o->query, "The query of the handshake, without '?'")->type_name("QUERY");
  c->add_option("--subprotocol", o->subprotocol, "The subprotocol that was negotiated")->type_name("NAME");
  c->add_option("--client", o->client, "The client's address [127.0.0.1]")->type_name("ADDR");
  c->add_option("--user", o->user, "Who the client has shown to be")->type_name("USER");
  c->add_option("-o,--output", o->output, "text or json [text]")->check(CLI::IsMember({"text", "json"}));
  c->footer(std::string(examples));
  c->callback([o, message, &result] { run(*o, message->count() != 0, result); });
}

}  // namespace wsgw
