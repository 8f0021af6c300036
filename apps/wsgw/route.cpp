#include "commands.hpp"
#include "files.hpp"
#include "settings.hpp"

#include "config/files.hpp"
#include "tools/line_blocks.hpp"
#include "tools/route_suite_run.hpp"
#include "tools/route_test_run.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace wsgw {
namespace {

struct route_options {
  settings_flags flags;
  std::vector<std::string> messages;
  std::vector<std::string> files;
  std::vector<std::string> suites;
  std::string junit;
  std::vector<std::string> headers;
  gw::tools::written_handshake handshake;
  gw::tools::route_test_plan plan;
  std::string output = "text";
};

constexpr std::string_view examples =
    "Offline, by the code of 'wsgw serve'. Without MESSAGE, -f and -t, all of standard input is one message.\n"
    "Exit 4 if an expectation is not met or a case fails, 3 for a bad configuration or test file.\n"
    "Examples:\n"
    "  wsgw route test --service order=127.0.0.1:9001 '{\"method\":\"/api/v1/order/create\"}'\n"
    "  wsgw route test -c wsgw.toml --explain '{\"method\":\"/api/v1/nobody/x\"}'\n"
    "  wsgw route test -c wsgw.toml -H 'X-Tenant: a' --path /ws/audio --client 10.1.2.3 --binary x\n"
    "  wsgw route test -c wsgw.toml -f messages.ndjson -q\n"
    "  wsgw route test -c wsgw.toml -t tests.toml --junit report.xml";

/// Splits -H at its colon; false after a complaint.
bool read_headers(route_options& o, outcome& result) {
  for (std::string_view const line : o.headers) {
    auto const colon = line.find(':');
    if (colon == 0 || colon == line.npos) {
      result.fail(exit_status::usage, fmt::format("'{}' is no header; write 'Name: value'", line));
      return false;
    }
    auto value = line.substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    o.handshake.headers.emplace_back(line.substr(0, colon), value);
  }
  return true;
}

/// "-" is standard input. Closes what it opened.
class opened_file {
 public:
  explicit opened_file(std::string const& name)
      : fd_(name == "-" ? STDIN_FILENO : ::open(name.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~opened_file() {
    if (fd_ > STDIN_FILENO) ::close(fd_);
  }
  opened_file(opened_file const&) = delete;
  opened_file& operator=(opened_file const&) = delete;

  int fd() const noexcept { return fd_; }

 private:
  int fd_;
};

/// Every line of the file that is not empty. False after a complaint, or when nobody takes the output.
bool take_lines(std::string const& name, gw::tools::route_test_run& run, gw::tools::block_output& out,
                outcome& result) {
  opened_file const file(name);
  auto fault = file.fd() < 0 ? std::error_code(errno, std::system_category()) : std::error_code();
  gw::tools::line_blocks lines(file.fd());
  std::uint64_t number = 0;
  for (auto line = fault ? std::nullopt : lines.next(); line; line = lines.next()) {
    ++number;
    if (line->empty()) continue;
    run.take(*line, {.file = name, .line = number});
    if (!out.turn()) return false;
  }
  if (!fault) fault = lines.fault();
  if (fault) result.fail(exit_status::failed, fmt::format("{}: {}", name, fault.message()));
  return !fault;
}

gw::result<std::string> whole_input(outcome const& result) {
  if (::isatty(STDIN_FILENO) != 0) result.term.note("reading the message from the terminal, up to Ctrl-D");
  auto message = gw::config::read_all(std::cin, largest_input);
  while (message && message->ends_with('\n')) message->pop_back();
  return message;
}

void write_out(gw::tools::block_output& out, outcome& result) {
  if (out.flush() || out.fault() == std::errc::broken_pipe) return;
  result.fail(exit_status::failed, "standard output: " + out.fault().message());
}

void test_messages(route_options const& o, gw::tools::route_judge& judge, gw::tools::judged_session session,
                   outcome& result) {
  gw::tools::block_output out(STDOUT_FILENO);
  gw::tools::route_test_run run(judge, std::move(session), o.plan, out.text());
  for (std::size_t i = 0; i < o.messages.size(); ++i) {
    run.take(o.messages[i], {.line = o.plan.many ? i + 1 : 0});
  }
  bool whole = true;
  for (auto const& name : o.files) whole = whole && take_lines(name, run, out, result);
  if (o.messages.empty() && o.files.empty()) {
    auto const message = whole_input(result);
    if (!message) return result.fail(exit_status::failed, "standard input " + message.error().context);
    run.take(*message, {});
  }
  run.finish();
  write_out(out, result);
  if (!whole) return;
  if (o.plan.many && !o.plan.quiet) result.term.note(run.counts().summary());
  if (run.unmet() == 0) return;
  for (auto const& text : run.complaints()) result.fail(exit_status::expectation, text);
}

void test_suites(route_options const& o, gw::tools::route_judge& judge, gw::config::loaded const& read,
                 outcome& result) {
  auto const suites = gw::tools::read_route_suites(o.suites, judge, o.handshake);
  for (auto const& p : suites.problems) fmt::print(stderr, "{}\n", gw::config::format(p));
  if (!suites.problems.empty()) {
    auto const count = suites.problems.size();
    return result.fail(exit_status::bad_config,
                       fmt::format("{} problem{} in the test files", count, count == 1 ? "" : "s"));
  }
  auto const done = gw::tools::run_route_suites(suites.suites, judge, read.places);
  gw::tools::block_output out(STDOUT_FILENO);
  gw::tools::add_report(out.text(), done, o.plan.form, o.plan.quiet);
  write_out(out, result);
  if (done.failed != 0) result.status = exit_status::expectation;
  if (!o.junit.empty() && !write_file(o.junit, gw::tools::junit_of(done))) {
    result.fail(exit_status::failed, fmt::format("{}: cannot be written", o.junit));
  }
}

void run(route_options o, outcome& result) {
  using gw::tools::report_form;
  if (!o.suites.empty() && !(o.messages.empty() && o.files.empty() && o.plan.expect.empty())) {
    return result.fail(exit_status::usage, "give either messages or --tests, whose cases have their own 'expect'");
  }
  if (!o.junit.empty() && o.suites.empty())
    return result.fail(exit_status::usage, "--junit reports --tests; give both");
  o.plan.form = o.output == "json" ? report_form::json : o.output == "ndjson" ? report_form::ndjson : report_form::text;
  o.plan.many = o.messages.size() > 1 || !o.files.empty();
  if (!read_headers(o, result)) return;
  auto read = load_readable(origins_of(o.flags), result);
  if (!read) return;
  auto judge = gw::tools::route_judge::make(read->value);
  if (!judge) return result.fail(exit_status::bad_config, gw::describe(judge.error()));
  auto session = judge->session_of(o.handshake);
  if (!session) return result.fail(exit_status::usage, session.error().context);
  if (!session->remark.empty()) result.term.warning(session->remark);
  if (!o.suites.empty()) return test_suites(o, *judge, *read, result);
  if (!o.plan.expect.empty() && !judge->knows(o.plan.expect)) {
    return result.fail(exit_status::usage, fmt::format("--expect: '{}' is neither a service nor a code{}",
                                                       o.plan.expect, judge->guess_for(o.plan.expect)));
  }
  test_messages(o, *judge, *std::move(session), result);
}

}  // namespace

void add_route(CLI::App& app, outcome& result) {
  auto const o = std::make_shared<route_options>();
  auto* const route = app.add_subcommand("route", "Look at the routing rules");
  route->require_subcommand(1);
  route->footer("Examples:\n  wsgw route test --service order=127.0.0.1:9001 '{\"method\":\"/api/v1/order/create\"}'");
  auto* const c = route->add_subcommand("test", "Say which service messages would go to, and why");
  add_settings_flags(*c, o->flags);
  c->add_option("MESSAGE", o->messages, "Text messages");
  add_list(*c, "-f,--file", o->files, "Messages, one a line; '-' is standard input")->type_name("FILE");
  add_list(*c, "-t,--tests", o->suites, "Cases in TOML: [[case]] name, message, expect")->type_name("FILE");
  c->add_option("--junit", o->junit, "Write what became of the cases as JUnit XML")->type_name("FILE");
  c->add_option("--expect", o->plan.expect, "Exit 4 unless every verdict is this service or error code")
      ->type_name("SERVICE|CODE");
  c->add_flag("--explain", o->plan.explain, "Tell every step of the decision, rule by rule");
  c->add_flag("--binary", o->plan.binary, "Judge the messages as binary ones");
  add_list(*c, "-H,--header", o->headers, "A header of the handshake; repeat")->type_name("'NAME: VALUE'");
  c->add_option("--path", o->handshake.path, "The path of the handshake [the first of ws_paths]")->type_name("PATH");
  c->add_option("--query", o->handshake.query, "The query of the handshake, without '?'")->type_name("QUERY");
  c->add_option("--subprotocol", o->handshake.subprotocol, "The subprotocol that was negotiated")->type_name("NAME");
  c->add_option("--client", o->handshake.client, "The client's address [127.0.0.1]")->type_name("ADDR");
  c->add_option("--user", o->handshake.user, "Who the client has shown to be")->type_name("USER");
  add_choice(*c, "-o,--output", o->output, {"text", "json", "ndjson"}, "Form of what is printed [text]");
  c->add_flag("-q,--summary", o->plan.quiet, "Print only the counts, or the cases that fail");
  c->footer(std::string(examples));
  c->callback([o, &result] { run(*o, result); });
}

}  // namespace wsgw
