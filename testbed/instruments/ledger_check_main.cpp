// ledger_check JOURNAL LEDGER...: joins them and prints what it found as JSON. Exit status 0: nothing is wrong; 1:
// something is; 2: a file cannot be read.
#include "instruments/ledger_check.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <span>
#include <string>

namespace {

/// Calls `take` for every line. False: the file cannot be read.
template <class Take>
bool each_line(char const* path, Take take) {
  std::ifstream file(path);
  if (!file) {
    fmt::print(stderr, "ledger_check: cannot read {}\n", path);
    return false;
  }
  for (std::string line; std::getline(file, line);) take(line);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "usage: ledger_check JOURNAL LEDGER...\n");
    return 2;
  }
  gw::testbed::ledger_check check;
  if (!each_line(argv[1], [&](std::string const& line) { check.journal_line(line); })) return 2;
  for (auto const* const path : std::span(argv, static_cast<std::size_t>(argc)).subspan(2)) {
    if (!each_line(path, [&](std::string const& line) { check.ledger_line(line); })) return 2;
  }
  check.finish();

  auto const& all = check.all();
  nlohmann::ordered_json said = {{"sent", all.sent},
                                 {"acked", all.acked},
                                 {"refused", all.refused},
                                 {"unknown", all.unknown},
                                 {"unknown_taken", all.unknown_taken},
                                 {"undelivered", all.undelivered},
                                 {"taken", all.taken}};
  for (std::size_t i = 0; i < gw::testbed::violations; ++i) {
    auto const v = static_cast<gw::testbed::violation>(i);
    said["violations"][std::string(name_of(v))] = check.count(v);
  }
  said["evidence"] = check.evidence();
  fmt::print("{}\n", said.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
  return check.clean() ? 0 : 1;
}
