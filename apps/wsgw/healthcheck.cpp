#include "commands.hpp"
#include "settings.hpp"

#include "config/address.hpp"
#include "core/clock.hpp"
#include "net/resolve.hpp"
#include "tools/http_get.hpp"
#include "tools/json_text.hpp"
#include "tools/printable.hpp"
#include "tools/run_loop.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

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

/// Whether a configuration with problems still says where the gateway is asked: one that runs may be asked whatever
/// else is wrong with its files by now.
bool names_the_address(gw::config::loaded const& read) {
  auto const about_it = [](gw::config::problem const& p) {
    return p.key.starts_with("admin") || p.key.starts_with("health");
  };
  auto const* const keys = read.written.as<gw::config::node::table>();
  bool const could_be_read = keys != nullptr && !keys->empty();
  return read.problems.empty() || (could_be_read && std::none_of(read.problems.begin(), read.problems.end(), about_it));
}

/// The address that --admin or the configuration gives: "127.0.0.1:9900", "unix:/path", "gateway:9900"; may be empty.
/// Nothing: `result` has been told why there is none.
std::optional<std::string> written_address(healthcheck_options const& o, outcome& result) {
  if (!o.flags.admin.empty()) {
    std::string_view text = o.flags.admin;
    if (text.starts_with("http://")) text.remove_prefix(7);
    while (text.ends_with('/')) text.remove_suffix(1);
    return std::string(text);
  }
  auto const read = read_settings(origins_of(o.flags));
  if (!names_the_address(read)) {
    tell_problems(read, result);
    return std::nullopt;
  }
  auto const& settings = read.value;
  return settings.health.bind.empty() ? settings.admin.bind : settings.health.bind;
}

/// Where a server that listens at `bind` is reached from here.
gw::result<gw::config::host_port> reached_at(std::string const& bind) {
  auto at = gw::config::parse_host_port(bind);
  if (!at) return at;
  if (at->host == "0.0.0.0") at->host = "127.0.0.1";
  if (at->host == "::") at->host = "::1";
  return at;
}

gw::net::awaitable<gw::result<gw::net::address>> resolve(gw::net::loop& on, gw::config::host_port at) {
  auto const found = co_await gw::net::resolve(on.where(), at.host);
  if (!found) co_return found.error();
  co_return gw::net::address::of_ip(found->front(), at.port);
}

struct question {
  std::string bind;
  std::string path;
  std::chrono::milliseconds limit;
};

gw::net::awaitable<gw::result<gw::tools::http_answer>> ask(gw::net::loop& on, question const& what) {
  if (what.bind.starts_with("unix:")) {
    auto const at = gw::net::address::parse(what.bind);
    if (!at) co_return at.error();
    co_return co_await gw::tools::http_get(on, *at, what.path, what.limit);
  }
  auto const named = reached_at(what.bind);
  if (!named) co_return named.error();
  auto const at = co_await resolve(on, *named);
  if (!at) co_return at.error();
  co_return co_await gw::tools::http_get(on, *at, what.path, what.limit);
}

gw::net::awaitable<void> ask_into(gw::net::loop& on, question const& what, gw::result<gw::tools::http_answer>& answer) {
  answer = co_await ask(on, what);
}

/// For people: whoever answers may not be a gateway.
std::string first_line(std::string_view text) {
  return gw::tools::printable(text.substr(0, text.find('\n')));
}

void run(healthcheck_options const& o, outcome& result) {
  auto const address = written_address(o, result);
  if (!address) return;
  question const what{*address, o.live ? "/healthz" : "/readyz", o.limit};
  if (what.bind.empty()) {
    return result.fail(exit_status::usage, "the configuration has neither [health] nor [admin]; give --admin ADDR");
  }
  gw::monotonic_clock const time;
  gw::net::loop on(time);
  gw::result<gw::tools::http_answer> answer = gw::tools::http_answer{};
  gw::tools::run_loop(on, ask_into(on, what, answer));
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
