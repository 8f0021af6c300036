// The command line of `wsgw bench`, and the plan that is made of it.
#pragma once

#include "tools/bench_plan.hpp"
#include "tools/bench_threshold.hpp"

#include <CLI/CLI.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace wsgw {

enum class bench_form : std::uint8_t { text, json, csv, hgrm };

struct bench_options {
  std::vector<std::string> urls, headers, protocols, services, texts;
  std::vector<std::uint32_t> weights;
  std::string origin, rows_file;
  gw::tools::trust_options trust;
  std::uint64_t messages = 0;   // 0: by time
  std::uint64_t in_flight = 0;  // 0: what the loop usually has
  gw::rate rate{};              // count 0: a closed loop
  std::vector<gw::tools::bench_threshold> fail_if;
  std::string page;  // empty: none is written
  bool quiet = false;
  bench_form output = bench_form::text;
  gw::tools::bench_plan plan;  // the rest, as it is
};

void add_bench_options(CLI::App& to_app, bench_options& to);

/// errc::bad_usage and errc::bad_config: what cannot be used.
gw::result<gw::tools::bench_plan> plan_of(bench_options const& from);

}  // namespace wsgw
