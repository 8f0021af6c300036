#include "commands.hpp"
#include "settings.hpp"

#include "route/table.hpp"
#include "wire/error_frame.hpp"
#include "wire/utf8.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <iterator>
#include <memory>

namespace wsgw {
namespace {

struct route_options {
  settings_flags flags;
  std::string message;
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
    "  wsgw route test -c wsgw.toml --expect NO_ROUTE < message.json";

std::vector<std::string> names_of(gw::config::config const& settings) {
  std::vector<std::string> names;
  for (auto const& s : settings.services) names.push_back(s.name);
  return names;
}

/// What `wsgw serve` would do with the message.
struct verdict {
  std::string word;   // the service, or the code of the error frame
  std::string frame;  // the error frame, or the answer to a heartbeat
};

verdict judge(gw::route::table& table, std::string const& message, bool binary) {
  auto const d = binary ? table.decide_binary() : table.decide(message);
  if (d.verdict == gw::route::route_verdict::routed) return {std::string(table.name_of(d.service)), {}};
  auto const data = gw::wire::find_correlation(message);
  if (d.verdict == gw::route::route_verdict::heartbeat) {
    return {"gateway", gw::wire::make_heartbeat_reply(d.method, data)};
  }
  gw::wire::error_facts facts;
  facts.code = d.fault;
  facts.message = d.why;
  facts.stage = d.fault == gw::errc::parse_error ? "parse" : "route";
  facts.service = d.named_service;
  facts.seq = 1;
  facts.data = data;
  if (!d.method.empty()) facts.method = d.method;
  return {std::string(gw::row_of(d.fault).name), gw::wire::make_error_frame(facts)};
}

void print(verdict const& v, gw::config::config const& settings, bool json) {
  auto const service =
      std::find_if(settings.services.begin(), settings.services.end(), [&](auto const& s) { return s.name == v.word; });
  std::vector<std::string> instances;
  if (service != settings.services.end()) {
    for (auto const& i : service->instances) instances.push_back(fmt::format("{}:{}", i.host, i.port));
  }
  if (json) {
    nlohmann::ordered_json out;
    out["schema"] = "wsgw.route_test.v1";
    out["routed"] = v.frame.empty();
    out[v.frame.empty() ? "service" : "code"] = v.word;
    if (v.frame.empty()) out["candidates"] = instances;
    if (!v.frame.empty()) out["frame"] = nlohmann::ordered_json::parse(v.frame);
    return fmt::print("{}\n", out.dump());
  }
  if (!v.frame.empty()) return fmt::print("{}\n{}\n", v.word, v.frame);
  fmt::print("{}  ({})\n", v.word, fmt::join(instances, ", "));
}

void run(route_options const& o, bool given, outcome& result) {
  auto const settings = load_settings(o.flags, result);
  if (!settings) return;
  auto table = gw::route::table::make(settings->url_rule, names_of(*settings));
  if (!table) return result.fail(exit_status::bad_config, gw::describe(table.error()));
  auto message = o.message;
  if (!given) message.assign(std::istreambuf_iterator<char>(std::cin), {});
  while (!given && message.ends_with('\n')) message.pop_back();
  if (!o.binary && !gw::wire::is_utf8(message)) {
    return result.fail(exit_status::failed, "the message is not UTF-8: a gateway ends the session with 1007");
  }
  auto const v = judge(*table, message, o.binary);
  print(v, *settings, o.output == "json");
  if (o.explain) fmt::print("{}\n", table->explain(message));
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
  c->add_option("-o,--output", o->output, "text or json [text]")->check(CLI::IsMember({"text", "json"}));
  c->footer(std::string(examples));
  c->callback([o, message, &result] { run(*o, message->count() != 0, result); });
}

}  // namespace wsgw
