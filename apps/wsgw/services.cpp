#include "commands.hpp"
#include "gateway_question.hpp"
#include "settings.hpp"

#include "core/clock.hpp"
#include "discovery/judge.hpp"
#include "discovery/kinds.hpp"
#include "discovery/publication.hpp"
#include "tools/json_text.hpp"
#include "tools/printable.hpp"
#include "tools/run_loop.hpp"

#include <fmt/core.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wsgw {
namespace {

using gw::tools::printable;
using nlohmann::ordered_json;

struct services_options {
  settings_flags flags;            // admin: where to ask
  std::string source;              // TYPE=WHERE; empty: the gateway is asked
  std::vector<std::string> names;  // of services to ask the source for; empty: all that it has
  std::vector<std::string> keys;   // KEY=VALUE of the source
  std::chrono::milliseconds limit = std::chrono::seconds(10);
  output_form output = output_form::text;
};

constexpr std::string_view examples =
    "Asks the running gateway which instances it knows, and how its sources stand; or, with --source, a source\n"
    "itself, and says what of its list a gateway would refuse, and why.\n"
    "Examples:\n"
    "  wsgw services\n"
    "  wsgw services --admin 127.0.0.1:9900 -o json\n"
    "  wsgw services --source file=instances.toml\n"
    "  wsgw services --source consul=http://127.0.0.1:8500 --name order --key networks='[\"10.0.0.0/8\"]'";

std::string text_at(ordered_json const& from, char const* key) {
  auto const at = from.find(key);
  if (at == from.end() || at->is_null()) return {};
  return printable(at->is_string() ? at->get<std::string>() : at->dump());
}

// --- of a gateway ---

void print_instances(ordered_json const& service) {
  auto const source = text_at(service, "source");
  fmt::print("{}{}\n", text_at(service, "name"), source.empty() ? "" : " (from " + source + ")");
  auto const instances = service.value("instances", ordered_json::array());
  if (instances.empty()) fmt::print("  no instances\n");
  for (auto const& i : instances) {
    auto const host = text_at(i, "host");
    auto const zone = text_at(i, "zone");
    auto const reason = text_at(i, "reason");
    fmt::print("  {:<24} {:<9} weight {:<4} {} channels{}{}{}\n", text_at(i, "address"), text_at(i, "state"),
               text_at(i, "weight"), text_at(i, "channels"), zone.empty() ? "" : "  zone " + zone,
               host.empty() ? "" : "  " + host, reason.empty() ? "" : "  " + reason);
  }
}

void print_source(ordered_json const& source) {
  auto const age = source.value("age_s", ordered_json());
  auto const fault = text_at(source, "fault");
  fmt::print("source {} ({}): {}{}{}\n", text_at(source, "name"), text_at(source, "type"), text_at(source, "state"),
             age.is_number() ? fmt::format(", answered {:.0f} s ago", age.get<double>()) : "",
             fault.empty() ? "" : "; " + fault);
  auto const unreadable = text_at(source, "unreadable");
  if (!unreadable.empty()) fmt::print("  unreadable entries: {}\n", unreadable);
  auto const refused = source.value("refused", ordered_json::object());
  for (auto const& [reason, count] : refused.items()) {
    fmt::print("  refused so far: {} for {}\n", count.dump(), printable(reason));
  }
}

void ask_running(services_options const& o, outcome& result) {
  auto const address = gateway_address(o.flags, asked_listener::operators, result);
  if (!address) return;
  if (address->empty()) return result.fail(exit_status::usage, "the configuration has no [admin]; give --admin ADDR");
  constexpr std::size_t largest = 64 * 1024 * 1024;
  auto const answer = ask_gateway({.bind = *address, .path = "/services", .limit = o.limit, .largest_answer = largest});
  if (!answer) return result.fail(exit_status::unreachable, gw::describe(answer.error()));
  auto const said = gw::tools::parse_shallow<ordered_json>(answer->body);
  if (answer->status != 200 || !said.is_object() || said.value("schema", "") != "wsgw.services.v1") {
    return result.fail(
        exit_status::failed,
        fmt::format("{} answers {} and no list of services; is that [admin] of a gateway?", *address, answer->status));
  }
  if (o.output == output_form::json) return print_json(said);
  for (auto const& s : said.value("services", ordered_json::array())) print_instances(s);
  for (auto const& s : said.value("sources", ordered_json::array())) print_source(s);
}

// --- of a source ---

constexpr std::string_view source_name = "asked";

/// As TOML writes a string, or a key that holds dots.
std::string quoted(std::string const& text) {
  return ordered_json(text).dump(-1, ' ', true, ordered_json::error_handler_t::replace);
}

/// The configuration that a gateway would have for it, so that the same code judges it.
gw::config::origins origins_of_source(services_options const& o) {
  using gw::config::overlay;
  gw::config::origins from;
  auto const set = [&from](std::string const& key_and_value) {
    from.overlays.push_back(
        {overlay::form::assignment, "--source", fmt::format("discovery.{}.{}", source_name, key_and_value)});
  };
  auto const equals = o.source.find('=');
  auto const type = o.source.substr(0, equals);
  auto const where = equals == std::string::npos ? std::string() : o.source.substr(equals + 1);
  set("type=" + quoted(type));
  if (type == "file") {
    set("path=" + quoted(where));
  } else if (type == "dns") {
    set("domain=" + quoted(where));
  } else if (!where.empty()) {
    set("urls=[" + quoted(where) + "]");
  }
  if (o.names.empty()) set("any_service=true");
  for (auto const& key : o.keys) set(key);
  for (auto const& name : o.names) {
    from.overlays.push_back(
        {overlay::form::assignment, "--name", fmt::format("services.{}.discovery={}", quoted(name), source_name)});
  }
  return from;
}

gw::net::awaitable<void> ask_source(gw::discovery::source& asked, gw::result<gw::discovery::catalogue>& answer) {
  answer = co_await asked.discover(gw::discovery::ask::everything);
  asked.stop();
}

void print_judgement(gw::discovery::judgement const& made, std::size_t unreadable) {
  for (auto const& [service, offers] : made.accepted) {
    fmt::print("{}\n", printable(service));
    if (offers.empty()) fmt::print("  no instances\n");
    for (auto const& i : offers) {
      fmt::print("  {:<24} {:<9} weight {}{}\n", gw::config::host_port_text(i.host, i.port),
                 i.draining ? "draining" : "listed", i.weight, i.zone.empty() ? "" : "  zone " + printable(i.zone));
    }
  }
  for (auto const& r : made.refused) {
    fmt::print("refused: {} {} ({})\n", printable(r.service), printable(r.address), name_of(r.why));
  }
  if (unreadable != 0) fmt::print("unreadable entries: {}\n", unreadable);
}

ordered_json as_json(gw::discovery::judgement const& made, std::size_t unreadable) {
  ordered_json out = {{"schema", "wsgw.source.v1"}, {"services", ordered_json::array()}};
  for (auto const& [service, offers] : made.accepted) {
    ordered_json one = {{"name", service}, {"instances", ordered_json::array()}};
    for (auto const& i : offers) {
      one["instances"].push_back({{"address", gw::config::host_port_text(i.host, i.port)},
                                  {"state", i.draining ? "draining" : "listed"},
                                  {"weight", i.weight},
                                  {"zone", i.zone},
                                  {"metadata", i.metadata}});
    }
    out["services"].push_back(std::move(one));
  }
  out["refused"] = ordered_json::array();
  for (auto const& r : made.refused) {
    out["refused"].push_back({{"service", r.service}, {"address", r.address}, {"reason", name_of(r.why)}});
  }
  out["unreadable"] = unreadable;
  return out;
}

void ask_directly(services_options const& o, outcome& result) {
  auto const read = read_settings(origins_of_source(o));
  if (!read.problems.empty()) return tell_problems(read, result);
  auto const& settings = read.value.discoveries.front();
  auto const& kind = *gw::discovery::find_source_kind(settings.type);
  auto const wanted = gw::discovery::services_from(read.value, source_name);
  gw::monotonic_clock const time;
  gw::net::loop on(time);
  auto made = kind.make({on, settings, o.names});
  if (!made) return result.fail(exit_status::bad_config, gw::describe(made.error()));
  gw::result<gw::discovery::catalogue> answer = gw::discovery::catalogue();
  gw::tools::run_loop(on, ask_source(**made, answer));
  if (!answer) return result.fail(exit_status::unreachable, gw::describe(answer.error()));
  auto const judged = gw::discovery::judge(settings, wanted, kind.ignores_case, {})(*answer);
  if (o.output == output_form::json) return print_json(as_json(judged, (*made)->unreadable()));
  print_judgement(judged, (*made)->unreadable());
}

}  // namespace

void add_services(CLI::App& app, outcome& result) {
  auto const o = std::make_shared<services_options>();
  auto* const c =
      app.add_subcommand("services", "List the instances that a running gateway, or a source of them, knows");
  add_list(*c, "-c,--config", o->flags.files, "The configuration that names the address")->type_name("FILE");
  auto* const admin = c->add_option("--admin", o->flags.admin, "Where to ask: ADDR or http://ADDR")->type_name("ADDR");
  auto* const source =
      c->add_option("--source", o->source, "Ask a source instead: its type, and its URL, path or domain")
          ->type_name("TYPE=WHERE")
          ->excludes(admin);
  add_list(*c, "--name", o->names, "A service to ask the source for; repeat for more [all]")
      ->type_name("NAME")
      ->needs(source);
  add_list(*c, "--key", o->keys, "A key of [discovery.X], e.g. tls.verify=false; repeat for more")
      ->type_name("KEY=VALUE")
      ->needs(source);
  add_duration(*c, "--limit", o->limit, "Longest time to wait for the gateway's answer");
  add_output(*c, o->output);
  c->footer(std::string(examples));
  c->callback([o, &result] { o->source.empty() ? ask_running(*o, result) : ask_directly(*o, result); });
}

}  // namespace wsgw
