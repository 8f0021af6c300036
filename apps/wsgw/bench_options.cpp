#include "bench_options.hpp"
#include "files.hpp"

#include "terminal.hpp"
#include "trust.hpp"

#include "config/files.hpp"

#include <fmt/core.h>

#include <limits>
#include <memory>
#include <utility>

namespace wsgw {
namespace {

using gw::tools::bench_plan;

constexpr std::string_view examples =
    "In TEXT {service}; there and in -H {n} {connection} {random:1:9} {uuid} {stamp} {time_us} {csv:C} {next:C}\n"
    "Examples:\n"
    "  wsgw bench ws://127.0.0.1:8080/ws -c 100 -p 32 -d 10s --cpu-of $(pidof -s nginx)\n"
    "  wsgw bench ws://127.0.0.1:8080/ws -r 2000/s -d 10s --fail-if 'p99>1s' --fail-if 'errors>0'";

constexpr std::uint64_t largest_message = std::uint64_t{64} << 20;
constexpr std::size_t most_in_open_loop = 10'000;
// The order of a mix is written down, place by place.
constexpr std::uint64_t most_weight = 10'000;

gw::error bad(std::string why) {
  return {gw::errc::bad_usage, gw::side::client, std::move(why), {}};
}

gw::result<std::vector<gw::tools::websocket_request>> targets_of(bench_options const& o) {
  std::vector<gw::tools::websocket_request> targets;
  for (auto const& text : o.urls) {
    auto url = gw::tools::parse_websocket_url(text);
    if (!url) return url.error();
    gw::tools::websocket_request to{.url = std::move(*url), .fields = {}, .origin = o.origin, .protocols = o.protocols};
    for (auto const& header : o.headers) {
      auto field = gw::tools::parse_field(header);
      if (!field) return field.error();
      to.fields.push_back(std::move(*field));
    }
    if (auto trusted = gw::tools::trust(to, o.trust); !trusted) return trusted.error();
    targets.push_back(std::move(to));
  }
  return targets;
}

gw::result<gw::tools::csv_table> read_rows(std::string const& name) {
  auto const text = gw::config::read_file(name, largest_input);
  if (!text) return bad(fmt::format("{}: {}", name, text.error().context));
  auto rows = gw::tools::csv_table::parse(*text);
  if (!rows) return bad(fmt::format("{}: {}", name, rows.error().context));
  return rows;
}

gw::result<std::vector<gw::tools::bench_text_of_message>> mix_of(bench_options const& o) {
  std::vector<gw::tools::bench_text_of_message> mix;
  for (auto const& text : o.texts) mix.push_back({.text = text});
  if (o.weights.empty()) return mix;
  if (o.weights.size() != mix.size()) {
    return bad(fmt::format("--weight: {} for {} messages; give one for each -m, in the same order, or none",
                           o.weights.size(), mix.size()));
  }
  for (std::size_t i = 0; i < mix.size(); ++i) mix[i].weight = o.weights[i];
  return mix;
}

void add_pace(CLI::App& c, bench_options& o) {
  auto& p = o.plan;
  add_number(c, "-c,--connections", p.connections, 1, 1'000'000, "Connections, over the URLs in turn [100]");
  add_number(c, "-p,--in-flight", o.in_flight, 1, 1'000'000,
             "Messages in flight per connection [1]; with -r at most [10000]");
  auto* const rate = add_rate(c, "-r,--rate", o.rate, "Open loop: so many messages, of all connections, like 5000/s");
  rate->check([](std::string const& text) {
    auto const parsed = gw::parse_rate(text);
    return parsed && parsed->count == 0 ? std::string("nothing would be sent; write 5000/s") : std::string();
  });
  auto* const duration = add_duration(c, "-d,--duration", p.duration, "Measure for so long");
  auto* const warmup = add_duration(c, "--warmup", p.warmup, "Before that, not measured");
  add_duration(c, "--ramp", p.ramp, "Before all, open the connections evenly over so long");
  auto* const messages = add_number(c, "-n,--messages", o.messages, 1, std::numeric_limits<std::uint64_t>::max(),
                                    "Send exactly so many messages instead, all measured")
                             ->excludes(duration)
                             ->excludes(warmup);
  c.add_flag("--idle", p.idle, "One message per connection, then hold them open for the duration")
      ->excludes(rate)
      ->excludes(messages)
      ->excludes(warmup);
  add_number(c, "--threads", p.threads, 1, 256, "Threads of the generator [1]");
}

void add_messages(CLI::App& c, bench_options& o) {
  auto& p = o.plan;
  auto* const size = add_number(c, "--size", p.size, 0, largest_message, "Payload bytes of the usual message [256]");
  size->type_name("BYTES");
  auto* const texts = add_list(c, "-m,--message", o.texts, "Send this instead; repeat: in turn")->type_name("TEXT");
  texts->excludes(size);
  auto const take_weight = [&o](std::uint64_t weight) { o.weights.push_back(static_cast<std::uint32_t>(weight)); };
  add_numbers(c, "--weight", take_weight, 1, most_weight, "How often, as against others: one for each -m [1]")
      ->needs(texts);
  c.add_option("--csv", o.rows_file, "A connection's row is its {csv:COLUMN}; {next:COLUMN} is another each message")
      ->type_name("FILE");
  add_list(c, "--service", o.services, "Services taken in turn [echo]; repeat")->type_name("SERVICE");
  c.add_option("--match", p.match, "The same value here in a message and its answer; without it: in order")
      ->type_name("POINTER");
  c.add_option("--push", p.push, "Pushes hold microseconds of the wall clock here: time them")->type_name("POINTER");
  auto const take_sample = [&p](std::uint64_t every) {
    p.check = true;
    p.check_every = every;
  };
  add_number(c, "--check", take_sample, 1, std::numeric_limits<std::uint32_t>::max(),
             "Every N-th answer of a connection must equal its message, else status 4");
}

void add_report(CLI::App& c, bench_options& o) {
  auto const take_process = [&o](std::uint64_t id) { o.plan.cpu_of.push_back(static_cast<pid_t>(id)); };
  add_numbers(c, "--cpu-of", take_process, 1, std::numeric_limits<pid_t>::max(),
              "Measure the CPU time of this process, too; repeat")
      ->type_name("PID");
  auto const take_condition = [&o](std::vector<std::string> const& texts) {
    for (auto const& text : texts) {
      auto made = gw::tools::bench_threshold::parse(text);
      if (!made) throw CLI::ValidationError("--fail-if", made.error().context);
      o.fail_if.push_back(std::move(*made));
    }
  };
  c.add_option_function<std::vector<std::string>>(
       "--fail-if", take_condition, "Status 4 if so: p50 p90 p99 p999 max mean rate errors error_rate ...; repeat")
      ->type_name("'p99>20ms'")
      ->allow_extra_args(false);
  c.add_option("--report", o.page, "Write a page with plots (HTML), too")->type_name("FILE");
  c.add_flag("-q,--quiet", o.quiet, "Say nothing while it runs");
  auto const take_form = [&o](std::string const& form) {
    o.output = form == "json"   ? bench_form::json
               : form == "csv"  ? bench_form::csv
               : form == "hgrm" ? bench_form::hgrm
                                : bench_form::text;
  };
  add_choice(c, "-o,--output", take_form, {"text", "json", "csv", "hgrm"},
             "Form of the report [text]; hgrm: in microseconds");
}

}  // namespace

void add_bench_options(CLI::App& to_app, bench_options& to) {
  to_app.add_option("URL", to.urls, "ws[s]://HOST[:PORT]/PATH")->required()->type_name("URL");
  add_pace(to_app, to);
  add_messages(to_app, to);
  to_app.set_help_all_flag();  // the program has one
  auto const layout = std::make_shared<help_format>();
  layout->column_width(33);  // the forms of the report on one line
  to_app.formatter(layout);
  add_list(to_app, "-H,--header", to.headers, "A header of the handshake; repeat")->type_name("'NAME: VALUE'");
  to_app.add_option("--origin", to.origin, "The Origin to send")->type_name("ORIGIN");
  add_list(to_app, "-s,--subprotocol", to.protocols, "Offer a subprotocol; repeat")->type_name("NAME");
  add_trust(to_app, to.trust);
  add_report(to_app, to);
  to_app.footer(std::string(examples));
}

gw::result<bench_plan> plan_of(bench_options const& o) {
  auto plan = o.plan;
  auto targets = targets_of(o);
  if (!targets) return targets.error();
  plan.targets = std::move(*targets);
  auto mix = mix_of(o);
  if (!mix) return mix.error();
  plan.mix = std::move(*mix);
  if (!o.rows_file.empty()) {
    auto rows = read_rows(o.rows_file);
    if (!rows) return rows.error();
    plan.rows = std::move(*rows);
  }
  if (!plan.match.empty() && plan.mix.empty()) return bad("--match needs -m: the usual message has no id");
  if (o.rate.count != 0) plan.rate = o.rate;
  plan.in_flight = o.in_flight != 0 ? o.in_flight : plan.is_open_loop() ? most_in_open_loop : 1;
  if (!o.services.empty()) plan.services = o.services;
  if (o.messages != 0) plan.messages = o.messages;
  bool const takes_no_time = !plan.messages && plan.duration == plan.duration.zero();
  if (takes_no_time) return bad("--duration: in no time nothing can be measured; write 10s");
  return plan;
}

}  // namespace wsgw
