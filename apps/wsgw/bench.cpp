#include "commands.hpp"
#include "trust.hpp"

#include "tools/bench.hpp"
#include "tools/bench_report.hpp"

#include <fmt/core.h>

#include <limits>
#include <memory>

namespace wsgw {
namespace {

using gw::tools::bench_plan;

struct bench_options {
  std::string url;
  std::string message;
  std::vector<std::string> headers, protocols, services;
  std::string origin;
  gw::tools::trust_options trust;
  std::uint64_t messages = 0;
  output_form output = output_form::text;
  bench_plan plan;
};

constexpr std::string_view examples =
    "A closed loop: every answer lets the next message be sent. The default message is\n"
    "{\"method\":\"/api/v1/SERVICE/bench\",\"data\":\"xxx...\"}; any server that answers every message will do.\n"
    "Examples:\n"
    "  wsgw bench ws://127.0.0.1:8080/ws -c 100 -p 32 -d 10s --cpu-of $(pidof -s nginx)\n"
    "  wsgw bench ws://127.0.0.1:8080/ws --service order --service chat -n 100000 --check\n"
    "  wsgw bench ws://127.0.0.1:8080/ws -c 10000 --idle -d 30s";

constexpr std::uint64_t largest_message = std::uint64_t{1} << 30;

gw::result<bench_plan> plan_of(bench_options const& o) {
  auto url = gw::tools::parse_websocket_url(o.url);
  if (!url) return url.error();
  auto plan = o.plan;
  gw::tools::websocket_request to{.url = std::move(*url), .fields = {}, .origin = o.origin, .protocols = o.protocols};
  for (auto const& header : o.headers) {
    auto field = gw::tools::parse_field(header);
    if (!field) return field.error();
    to.fields.push_back(std::move(*field));
  }
  if (auto trusted = gw::tools::trust(to, o.trust); !trusted) return trusted.error();
  plan.targets.push_back(std::move(to));
  if (!o.services.empty()) plan.services = o.services;
  if (!o.message.empty()) plan.mix.push_back({.text = o.message});
  if (o.messages != 0) plan.messages = o.messages;
  return plan;
}

void run(bench_options const& o, outcome& result) {
  auto const plan = plan_of(o);
  if (!plan) return result.fail(exit_status::usage, plan.error().context);
  raise_descriptor_limit();
  auto const say = [&](std::string const& text) { result.term.note(text); };
  auto const report = gw::tools::run_bench(*plan, {.say = say, .catch_signals = true});
  if (!report) {
    bool const usage = report.error().code == gw::errc::bad_usage;
    return result.fail(usage ? exit_status::usage : exit_status::unreachable, gw::describe(report.error()));
  }
  fmt::print("{}", o.output == output_form::json ? bench_json(*plan, *report) : bench_text(*plan, *report));
  auto const& counts = report->all;
  if (report->interrupted) {
    result.status = exit_status::interrupted;
  } else if (counts.mismatches != 0) {
    result.fail(exit_status::expectation,
                fmt::format("--check: {} answers differ from their message", counts.mismatches));
  } else if (counts.answered == 0) {
    result.fail(exit_status::failed, counts.failed == 0 ? "no message was answered"
                                                        : "nothing but errors came back: see 'errors' in the report");
  }
}

void add_load(CLI::App& c, bench_options& o) {
  auto& p = o.plan;
  add_number(c, "-c,--connections", p.connections, 1, 1'000'000, "Connections [100]");
  add_number(c, "-p,--in-flight", p.in_flight, 1, 100'000, "Messages in flight per connection [1]");
  auto* const duration = add_duration(c, "-d,--duration", p.duration, "Measure for so long");
  auto* const warmup = add_duration(c, "--warmup", p.warmup, "Before that, not measured");
  add_number(c, "-n,--messages", o.messages, 1, std::numeric_limits<std::uint64_t>::max(),
             "Send exactly so many messages instead, all measured")
      ->excludes(duration)
      ->excludes(warmup);
  auto* const size = add_number(c, "--size", p.size, 0, largest_message, "Payload bytes of a message [256]");
  size->type_name("BYTES");
  c.add_option("-m,--message", o.message, "Send this text instead; {service} is replaced")
      ->type_name("TEXT")
      ->excludes(size);
  add_list(c, "--service", o.services, "Services taken in turn [echo]; repeat")->type_name("SERVICE");
  c.add_flag("--check", p.check, "Every answer must equal its message, else status 4 (mock-service --reply raw)");
  c.add_flag("--idle", p.idle, "One message per connection, then hold them open for the duration");
  add_number(c, "--threads", p.threads, 1, 256, "Threads of the generator [1]");
  auto const take_process = [&p](std::uint64_t id) { p.cpu_of.push_back(static_cast<pid_t>(id)); };
  add_numbers(c, "--cpu-of", take_process, 1, std::numeric_limits<pid_t>::max(),
              "Measure the CPU time of this process, too; repeat")
      ->type_name("PID");
}

}  // namespace

void add_bench(CLI::App& app, outcome& result) {
  auto const o = std::make_shared<bench_options>();
  auto* const c = app.add_subcommand("bench", "Load a WebSocket server and measure messages, latency and CPU");
  c->add_option("URL", o->url, "ws[s]://HOST[:PORT]/PATH")->required();
  add_load(*c, *o);
  add_list(*c, "-H,--header", o->headers, "A header of the handshake; repeat")->type_name("'NAME: VALUE'");
  c->add_option("--origin", o->origin, "The Origin to send")->type_name("ORIGIN");
  add_list(*c, "-s,--subprotocol", o->protocols, "Offer a subprotocol; repeat")->type_name("NAME");
  add_trust(*c, o->trust);
  add_output(*c, o->output);
  c->footer(std::string(examples));
  c->callback([o, &result] { run(*o, result); });
}

}  // namespace wsgw
