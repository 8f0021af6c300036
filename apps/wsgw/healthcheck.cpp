#include "commands.hpp"
#include "gateway_question.hpp"
#include "settings.hpp"

#include "tools/json_text.hpp"
#include "tools/printable.hpp"

#include <fmt/core.h>

#include <memory>
#include <string>
#include <string_view>

namespace wsgw {
namespace {

struct healthcheck_options {
  settings_flags flags;  // admin: where to ask
  bool live = false;
  std::chrono::milliseconds limit = std::chrono::seconds(2);
  output_form output = output_form::text;
};

constexpr std::string_view examples =
    "Exit 0 if the gateway is healthy, else 1. Without --admin the address is that of [health] or [admin]\n"
    "in the configuration that 'wsgw serve' would use here.\n"
    "Examples:\n"
    "  wsgw healthcheck\n"
    "  wsgw healthcheck --admin http://127.0.0.1:9900 --live\n"
    "  wsgw healthcheck -c wsgw.toml --limit 1s -o json";

/// For people: whoever answers may not be a gateway.
std::string first_line(std::string_view text) {
  return gw::tools::printable(text.substr(0, text.find('\n')));
}

void run(healthcheck_options const& o, outcome& result) {
  auto const address = gateway_address(o.flags, asked_listener::probes, result);
  if (!address) return;
  gateway_question const what{.bind = *address, .path = o.live ? "/healthz" : "/readyz", .limit = o.limit};
  if (what.bind.empty()) {
    return result.fail(exit_status::usage, "the configuration has neither [health] nor [admin]; give --admin ADDR");
  }
  auto const answer = ask_gateway(what);
  if (!answer && answer.error().code == gw::errc::bad_config) {
    return result.fail(exit_status::usage, fmt::format("--admin: {}", answer.error().context));
  }
  bool const healthy = answer && answer->status == 200;
  auto const said =
      answer ? fmt::format("{} {}", answer->status, first_line(answer->body)) : gw::describe(answer.error());
  result.status = healthy ? exit_status::ok : exit_status::failed;
  if (o.output == output_form::text) {
    if (healthy) return fmt::print("{}\n", first_line(answer->body));
    return result.term.error(fmt::format("{} at {}: {}", what.path, what.bind, said));
  }
  nlohmann::ordered_json out{
      {"schema", "wsgw.healthcheck.v1"}, {"healthy", healthy}, {"address", what.bind}, {"path", what.path}};
  if (answer) {
    out["status"] = answer->status;
    auto const body = gw::tools::parse_shallow<nlohmann::ordered_json>(answer->body);
    out["answer"] = body.is_discarded() ? nlohmann::ordered_json(first_line(answer->body)) : body;
  } else {
    out["error"] = said;
  }
  print_json(out);
}

}  // namespace

void add_healthcheck(CLI::App& app, outcome& result) {
  auto const o = std::make_shared<healthcheck_options>();
  auto* const c = app.add_subcommand("healthcheck", "Ask a running gateway whether it is ready");
  add_list(*c, "-c,--config", o->flags.files, "The configuration that names the address")->type_name("FILE");
  c->add_option("--admin", o->flags.admin, "Where to ask: ADDR or http://ADDR")->type_name("ADDR");
  c->add_flag("--live", o->live, "Ask /healthz (it runs) instead of /readyz (it serves)");
  add_duration(*c, "--limit", o->limit, "Longest time to wait for the answer");
  add_output(*c, o->output);
  c->footer(std::string(examples));
  c->callback([o, &result] { run(*o, result); });
}

}  // namespace wsgw
