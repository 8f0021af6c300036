#include "client_terminal.hpp"
#include "commands.hpp"
#include "files.hpp"
#include "settings.hpp"
#include "trust.hpp"

#include "config/files.hpp"
#include "tools/client.hpp"
#include "tools/explain.hpp"
#include "tools/printable.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <iterator>
#include <memory>
#include <system_error>
#include <utility>

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
  std::chrono::milliseconds ping_interval{};
  settings_flags services;  // whose names are completed
  bool compress = false;
  bool reconnect = false;
  bool json = false;
  bool quiet = false;

  CLI::App const* command = nullptr;
  CLI::Option const* send = nullptr;
  CLI::Option const* call = nullptr;
  CLI::Option const* expect = nullptr;
  CLI::Option const* wait = nullptr;
};

constexpr std::chrono::seconds scripted_limit{10};

constexpr std::string_view examples =
    "Without -x, --call or --script the lines of stdin are the messages; at a terminal there is a prompt with\n"
    "editing, history and completion: /help. Calls end with their answers, by id. Status 4: an expectation failed.\n"
    "Script: send TEXT, call SERVICE/PATH JSON, expect [PTR=VALUE | PTR=~REGEX], and PTR=VALUE (same message),\n"
    "  capture NAME = PTR (same message; then ${NAME}), expect-text TEXT, expect-match REGEX,\n"
    "  expect-close [CODE], ping, close [CODE], wait 100ms, # comment\n"
    "Examples:\n"
    "  wsgw client ws://127.0.0.1:8080/ws --call echo/hello '\"hi\"'\n"
    "  wsgw client ws://127.0.0.1:8080/ws --call order/get '{\"id\":7}' --expect /service=order\n"
    "  wsgw client ws://127.0.0.1:8080/ws --script order.txt --json";

/// A header "X: value", an address and the like as typed: errors of usage.
gw::result<gw::tools::websocket_request> request_of(client_options const& o) {
  auto url = gw::tools::parse_websocket_url(o.url);
  if (!url) return url.error();
  gw::tools::websocket_request request{
      .url = std::move(*url), .fields = {}, .origin = o.origin, .protocols = o.protocols, .compress = o.compress};
  for (auto const& header : o.headers) {
    auto field = gw::tools::parse_field(header);
    if (!field) return field.error();
    request.fields.push_back(std::move(*field));
  }
  if (auto trusted = gw::tools::trust(request, o.trust); !trusted) return trusted.error();
  return request;
}

gw::result<std::vector<step>> script_of(std::string const& path) {
  auto const bad = [&path](gw::error const& why) {
    return gw::error{gw::errc::bad_usage, gw::side::client, fmt::format("{}: {}", path, why.context), {}};
  };
  auto const text = gw::config::read_file(path, largest_input);
  if (!text) return bad(text.error());
  auto steps = gw::tools::parse_script(*text);
  if (!steps) return bad(steps.error());
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

nlohmann::ordered_json json_of(client_event const& e) {
  nlohmann::ordered_json line;
  constexpr std::array<char const*, 7> names = {"open", "message", "message", "pong", "close", "retry", "wait"};
  line["event"] = names[static_cast<std::size_t>(e.what)];
  line["at_ms"] = e.at_ms;
  switch (e.what) {
    case client_event::kind::open:
      if (!e.text.empty()) line["subprotocol"] = e.text;
      if (e.compressed) line["compressed"] = true;
      break;
    case client_event::kind::message:
      line["text"] = e.text;
      break;
    case client_event::kind::binary:
      line["binary_hex"] = hexadecimal(e.text);
      break;
    case client_event::kind::pong:
      line["took_ms"] = e.took_ms;
      break;
    case client_event::kind::retry:
      line["why"] = e.text;
      line["in_ms"] = e.took_ms;
      break;
    case client_event::kind::close:
      line["code"] = e.code;
      line["reason"] = e.text;
      line["by"] = e.by_server ? "server" : "client";
      break;
    case client_event::kind::wait:
      line["for"] = e.text;
      break;
  }
  return line;
}

void print_text(client_event const& e) {
  bool const is_message = e.what == client_event::kind::message;
  // A pipe gets the bytes as they are; a terminal would obey them.
  if (is_message && ::isatty(STDOUT_FILENO) == 1) return fmt::print("{}\n", gw::tools::printable(e.text, true));
  if (is_message) fmt::print("{}\n", e.text);
  if (e.what == client_event::kind::binary) fmt::print("binary, {} bytes: {}\n", e.text.size(), hexadecimal(e.text));
}

void explain(client_event const& e, terminal const& term) {
  if (e.what == client_event::kind::message) {
    if (auto const words = gw::tools::explain_error_frame(e.text)) term.note(gw::tools::printable(*words));
  }
  if (e.what == client_event::kind::close && e.by_server && e.code != 1000) {
    term.note("closed by the server: " + gw::tools::printable(gw::tools::explain_close(e.code, e.text)));
  }
  if (e.what == client_event::kind::retry) {
    term.note(fmt::format("{}; the next try is in {:.1f} s", gw::tools::printable(e.text), e.took_ms / 1000));
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
  plan.ping_interval = o.ping_interval;
  plan.reconnect = o.reconnect;
  bool const from_stdin = plan.steps.empty() && o.script.empty();
  plan.leave_at_end_of_source = from_stdin && ::isatty(STDIN_FILENO) == 1;
  plan.stay = from_stdin || (o.script.empty() && o.expects.empty());
  plan.leave_when_answered = !o.calls.empty() && o.sends.empty();
  if (o.wait->count() != 0 && o.limit == o.limit.zero()) {
    return gw::error{gw::errc::bad_usage, gw::side::client, "--wait: in no time nothing can come; write 5s", {}};
  }
  if (o.limit != o.limit.zero()) {
    plan.limit = o.limit;
  } else if (!plan.leave_at_end_of_source) {
    plan.limit = scripted_limit;
  }
  return plan;
}

/// Names for completion; none without a configuration, and a bad one is not this command's business.
std::vector<std::string> services_of(client_options const& o) {
  return o.services.files.empty() ? std::vector<std::string>() : service_names(o.services);
}

client_outcome talk_at_terminal(gw::tools::client_plan plan, client_options const& o) {
  client_terminal person(services_of(o));
  plan.source = &person;
  return gw::tools::run_client(plan, [&](client_event const& e) { person.tell(e); });
}

/// What to say to somebody who did not ask for a wait, and is about to have one; empty: there is none.
std::string told_of_wait(gw::tools::client_plan const& plan, client_options const& o) {
  bool const waits = plan.stay && plan.leave_after == 0 && !plan.leave_when_answered && !plan.leave_at_end_of_source;
  if (!waits || o.limit != o.limit.zero()) return {};
  return fmt::format("waiting {} for messages{}; -1 leaves behind the first, -n N behind N",
                     gw::duration_text(scripted_limit), plan.source != nullptr ? " from the end of stdin on" : "");
}

std::string told_of_long_wait(client_event const& e, std::chrono::milliseconds limit, bool opened) {
  return fmt::format("waiting {} for {}{}", gw::duration_text(limit), e.text,
                     opened ? "; -n N leaves behind N messages" : "");
}

client_outcome talk(gw::tools::client_plan plan, client_options const& o, terminal const& term) {
  gw::tools::line_messages lines(STDIN_FILENO);
  if (plan.steps.empty() && o.script.empty()) plan.source = &lines;
  auto wait = told_of_wait(plan, o);
  bool opened = false;
  auto ended = gw::tools::run_client(plan, [&](client_event const& e) {
    opened = opened || e.what == client_event::kind::open;
    o.json ? print_json(json_of(e)) : print_text(e);
    if (std::fflush(stdout) != 0) throw std::system_error(errno, std::generic_category(), "standard output");
    if (o.quiet) return;
    explain(e, term);
    bool const declined = e.what == client_event::kind::open && o.compress && !e.compressed;
    if (declined) term.note("the server does not compress");
    if (e.what == client_event::kind::open && !wait.empty()) term.note(std::exchange(wait, {}));
    bool const unasked = e.what == client_event::kind::wait && o.limit == o.limit.zero();
    if (unasked) term.note(told_of_long_wait(e, opened ? scripted_limit : plan.connect_limit, opened));
  });
  if (ended.how == client_outcome::verdict::done && ended.open_calls != 0 && !o.quiet && plan.leave_after == 0) {
    term.warning(fmt::format("no message carried the id of {} of {} calls", ended.open_calls, o.calls.size() / 2));
  }
  return ended;
}

void run(client_options const& o, outcome& result) {
  auto const plan = plan_of(o);
  if (!plan) return result.fail(exit_status::usage, plan.error().context);
  bool const by_hand = plan->steps.empty() && o.script.empty() && !o.json && is_at_terminal();
  auto const ended = by_hand ? talk_at_terminal(*plan, o) : talk(*plan, o, result.term);
  if (ended.how != client_outcome::verdict::done)
    result.fail(status_of(ended.how), gw::tools::printable(ended.why, true));
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
  c->add_flag("--compress", o->compress, "Offer permessage-deflate, and use it if the server agrees");
  o->send = add_list(*c, "-x,--send", o->sends, "Send this text; repeat")->type_name("MESSAGE");
  o->call = add_list(*c, "--call", o->calls, "Send {method: /api/v1/SERVICE/PATH, data: JSON, id}; repeat")
                ->type_size(2)
                ->type_name("SERVICE/PATH JSON");
  o->expect = add_list(*c, "--expect", o->expects, "The next message has VALUE at JSON Pointer PTR; repeat")
                  ->type_name("PTR=VALUE");
  auto* const script = c->add_option("--script", o->script, "Send and expect what a file says")->type_name("FILE");
  for (auto const* const option : {o->send, o->call, o->expect}) script->excludes(c->get_option(option->get_name()));
  auto* const one = c->add_flag("-1,--one", o->one, "Leave after one message");
  add_number(*c, "-n,--count", o->count, 1, 1'000'000'000, "Leave after so many messages")
      ->type_name("COUNT")
      ->excludes(one);
  o->wait = add_duration(*c, "-w,--wait", o->limit, "At most so long, like 5s [10s; without end at a terminal]");
  add_duration(*c, "--ping-interval", o->ping_interval,
               "Ping so often; a server without life for as long again is gone");
  auto* const reconnect =
      c->add_flag("--reconnect", o->reconnect, "Connect again when the connection ends, with longer and longer pauses");
  for (auto const* const option : {o->send, o->call, o->expect}) reconnect->excludes(c->get_option(option->get_name()));
  reconnect->excludes(script);
  add_list(*c, "-c,--config", o->services.files, "At a terminal: complete the services of this configuration")
      ->type_name("FILE");
  c->add_flag("--json", o->json, "One JSON object a line for everything that happens");
  c->add_flag("-q,--quiet", o->quiet, "No remarks on stderr, only errors");
  c->footer(std::string(examples));
  c->callback([o, &result] { run(*o, result); });
}

}  // namespace wsgw
