// ledger_load PLAN: many clients in one process that send stamped messages through gateways and write down what they
// send and hear (see journal.hpp). PLAN is JSON (see load_plan.hpp). JSON lines on stdout; on a terminal also one line
// on stderr that moves.
#include "instruments/load_run.hpp"

#include <fmt/core.h>
#include <sys/resource.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include <csignal>
#include <cstdio>

namespace {

void allow_many_descriptors() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

void show(std::string const& line) {
  auto const said = nlohmann::json::parse(line);
  fmt::print(stderr, "\r\033[K{} open, {} sent, {} answered, {} on their way", said.value("open", 0),
             said.value("sent", 0), said.value("acked", 0), said.value("unexplained", 0));
  if (said["event"] == "done") fmt::print(stderr, "\n");
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  if (argc != 2) {
    fmt::print(stderr, "usage: ledger_load PLAN (JSON, see testbed/instruments/load_plan.hpp)\n");
    return 2;
  }
  auto const plan = gw::testbed::load_plan::parse(argv[1]);
  if (!plan) {
    fmt::print(stderr, "ledger_load: {}\n", gw::describe(plan.error()));
    return 2;
  }
  auto book = gw::testbed::journal::create(plan->journal);
  if (!book) {
    fmt::print(stderr, "ledger_load: {}\n", gw::describe(book.error()));
    return 5;
  }
  allow_many_descriptors();
  bool const watched = ::isatty(STDERR_FILENO) != 0;
  auto const say = [&](std::string const& line) {
    fmt::print("{}\n", line);
    std::fflush(stdout);
    if (watched) show(line);
  };
  gw::testbed::load_run run(*plan, *book, say);
  run.run();
  return 0;
}
