#include "commands.hpp"
#include "trust.hpp"

#include "tools/client.hpp"
#include "tools/explain.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <unistd.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>

namespace wsgw {
namespace {

using gw::tools::client_event;
using gw::tools::client_outcome;
using gw::tools::step;

struct client_options {
  std::string url;
  std::vector<std::string> headers, protocols;
  std::string origin;
  gw::tools::trust_options trust;
  std::vector<std::string> sends, calls, expects;
  std::string script;
  bool one = false;
  std::uint64_t count = 0;
  std::chrono::milliseconds limit{};
  bool json = false;

  CLI::App const* command = nullptr;
  CLI::Option const* send = nullptr;
  CLI::Option const* call = nullptr;
  CLI::Option const* expect = nullptr;
};

constexpr std::chrono::seconds scripted_limit{10};

constexpr std::string_view examples =
    "Without -x, --call or --script the lines of stdin are the messages. Status 4: an expectation failed.\n"
    "Script: send TEXT, call SERVICE/PATH JSON, expect PTR=VALUE, and PTR=VALUE (same message), expect-text TEXT,\n"
    "  expect-close [CODE], ping, close [CODE], wait 100ms, # comment\n"
    "Examples:\n"
    "  wsgw client ws://127.0.0.1:8080/ws --call echo/hello '\"hi\"' -1\n"
    "  wsgw client ws://127.0.0.1:8080/ws --call order/get '{\"id\":7}' --expect /service=order\n"
    "  wsgw client ws://127.0.0.1:8080/ws --script order.txt --json";

/// A header "X: value", an address and the like as typed: errors of usage.
gw::result<gw::tools::websocket_request> request_of(client_options const& o) {
  auto url = gw::tools::parse_websocket_url(o.url);
  if (!url) return url.error();
  gw::tools::websocket_request request{
      .url = std::move(*url), .fields = {}, .origin = o.origin, .protocols = o.protocols};
  for (auto const& header : o.headers) {
    auto field = gw::tools::parse_field(header);
    if (!field) return field.error();
    request.fields.push_back(std::move(*field));
  }
  if (auto trusted = gw::tools::trust(request, o.trust); !trusted) return trusted.error();
  return request;
}

gw::result<std::vector<step>> script_of(std::string const& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) {
    return gw::error{gw::errc::bad_usage, gw::side::client, "cannot read the script '" + path + "'", {}};
  }
  auto steps = gw::tools::parse_script(text.str());
  if (!steps)
    return gw::error{gw::errc::bad_usage, gw::side::client, fmt::format("{}: {}", path, steps.error().context), {}};
  return steps;
}

/// -x, --call and --expect as steps, in the order in which they were given.
gw::result<std::vector<step>> steps_of(client_options const& o) {
  if (!o.script.empty()) return script_of(o.script);
  std::vector<step> steps;
  std::size_t sends = 0;
  std::size_t calls = 0;
  std::size_t expects = 0;
  for (auto const* const option : o.command->parse_order()) {
    gw::result<step> next = step{};
    if (option == o.send) {
      next = step{.what = step::kind::send, .text = o.sends[sends++]};
    } else if (option == o.call) {
      // Two words each: the option is listed for either.
      if (++calls % 2 != 0) continue;
      next = gw::tools::make_call(o.calls[calls - 2], o.calls[calls - 1]);
    } else if (option == o.expect) {
      next = gw::tools::make_expect(o.expects[expects++]);
      bool const again =
          !steps.empty() && (steps.back().takes_message() || steps.back().what == step::kind::expect_also);
      if (next && again) next->what = step::kind::expect_also;
    } else {
      continue;
    }
    if (!next) return next.error();
    steps.push_back(std::move(*next));
  }
  return steps;
}

std::string hexadecimal(std::string_view bytes) {
  std::string text;
  for (char const byte : bytes) fmt::format_to(std::back_inserter(text), "{:02x}", static_cast<unsigned char>(byte));
  return text;
}

void print_json(client_event const& e) {
  nlohmann::ordered_json line;
  line["event"] = e.what == client_event::kind::open    ? "open"
                  : e.what == client_event::kind::close ? "close"
                                                        : "message";
  line["at_ms"] = e.at_ms;
  switch (e.what) {
    case client_event::kind::open:
      if (!e.text.empty()) line["subprotocol"] = e.text;
      break;
    case client_event::kind::message:
      line["text"] = e.text;
      break;
    case client_event::kind::binary:
      line["binary_hex"] = hexadecimal(e.text);
      break;
    case client_event::kind::close:
      line["code"] = e.code;
      line["reason"] = e.text;
      line["by"] = e.by_server ? "server" : "client";
      break;
  }
  fmt::print("{}\n", line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

void print_text(client_event const& e) {
  if (e.what == client_event::kind::message) fmt::print("{}\n", e.text);
  if (e.what == client_event::kind::binary) fmt::print("binary, {} bytes: {}\n", e.text.size(), hexadecimal(e.text));
}

void explain(client_event const& e, terminal const& term) {
  if (e.what == client_event::kind::message) {
    if (auto const words = gw::tools::explain_error_frame(e.text)) term.note(*words);
  }
  if (e.what == client_event::kind::close && e.by_server && e.code != 1000) {
    term.note("closed by the server: " + gw::tools::explain_close(e.code, e.text));
  }
}

exit_status status_of(client_outcome::verdict how) {
  switch (how) {
    case client_outcome::verdict::done:
      return exit_status::ok;
    case client_outcome::verdict::failed:
      return exit_status::failed;
    case client_outcome::verdict::expectation_failed:
      return exit_status::expectation;
    case client_outcome::verdict::cannot_connect:
      return exit_status::unreachable;
    case client_outcome::verdict::bad_usage:
      return exit_status::usage;
    case client_outcome::verdict::interrupted:
      return exit_status::interrupted;
  }
  return exit_status::failed;
}

gw::result<gw::tools::client_plan> plan_of(client_options const& o) {
  auto request = request_of(o);
  if (!request) return request.error();
  auto steps = steps_of(o);
  if (!steps) return steps.error();
  gw::tools::client_plan plan;
  plan.to = std::move(*request);
  plan.steps = std::move(*steps);
  plan.catch_signals = true;
  plan.leave_after = o.one ? 1 : o.count;
  bool const interactive = plan.steps.empty() && o.script.empty();
  if (interactive) plan.input = STDIN_FILENO;
  plan.leave_at_end_of_input = interactive && ::isatty(STDIN_FILENO) == 1;
  plan.stay = interactive || (o.script.empty() && o.expects.empty());
  if (o.limit != o.limit.zero()) {
    plan.limit = o.limit;
  } else if (!plan.leave_at_end_of_input) {
    plan.limit = scripted_limit;
  }
  return plan;
}

void run(client_options const& o, outcome& result) {
  auto const plan = plan_of(o);
  if (!plan) return result.fail(exit_status::usage, plan.error().context);
  auto const tell = [&](client_event const& e) {
    o.json ? print_json(e) : print_text(e);
    std::fflush(stdout);
    explain(e, result.term);
  };
  auto const ended = gw::tools::run_client(*plan, tell);
  if (ended.how != client_outcome::verdict::done) result.fail(status_of(ended.how), ended.why);
}

}  // namespace

void add_client(CLI::App& app, outcome& result) {
  auto const o = std::make_shared<client_options>();
  auto* const c = app.add_subcommand("client", "Talk to a WebSocket server: send, show, expect");
  o->command = c;
  c->add_option("URL", o->url, "ws[s]://HOST[:PORT]/PATH")->required();
  add_list(*c, "-H,--header", o->headers, "A header of the handshake; repeat")->type_name("'NAME: VALUE'");
  c->add_option("-o,--origin", o->origin, "The Origin to send")->type_name("ORIGIN");
  add_list(*c, "-s,--subprotocol", o->protocols, "Offer a subprotocol; repeat")->type_name("NAME");
  add_trust(*c, o->trust);
  o->send = add_list(*c, "-x,--send", o->sends, "Send this text; repeat")->type_name("MESSAGE");
  o->call = add_list(*c, "--call", o->calls, "Send {method: /api/v1/SERVICE/PATH, data: JSON, id}; repeat")
                ->type_size(2)
                ->type_name("SERVICE/PATH JSON");
  o->expect = add_list(*c, "--expect", o->expects, "The next message has VALUE at JSON Pointer PTR; repeat")
                  ->type_name("PTR=VALUE");
  auto* const script = c->add_option("--script", o->script, "Send and expect what a file says")->type_name("FILE");
  for (auto const* const option : {o->send, o->call, o->expect}) script->excludes(c->get_option(option->get_name()));
  auto* const one = c->add_flag("-1,--one", o->one, "Leave after one message");
  c->add_option("-n,--count", o->count, "Leave after so many messages")->type_name("COUNT")->excludes(one);
  add_duration(*c, "-w,--wait", o->limit, "At most so long, like 5s [10s; without end at a terminal]");
  c->add_flag("--json", o->json, "One JSON object a line for everything that happens");
  c->footer(std::string(examples));
  c->callback([o, &result] { run(*o, result); });
}

}  // namespace wsgw
