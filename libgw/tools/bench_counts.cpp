#include "tools/bench_counts.hpp"

#include <algorithm>

namespace gw::tools {
namespace {

constexpr double busy = 0.9;  // of a core: beyond this we measure ourselves

}  // namespace

void bench_tally::add(bench_tally const& other) {
  sent += other.sent;
  answered += other.answered;
  failed += other.failed;
  unanswered += other.unanswered;
  pushed += other.pushed;
  mismatches += other.mismatches;
  answer_bytes += other.answer_bytes;
  latency_ns.merge(other.latency_ns);
}

void bench_counts::count_error(std::string_view what) {
  auto const known = errors.find(what);
  if (known != errors.end()) {
    ++known->second;
  } else {
    errors.emplace(what, 1);
  }
}

void bench_counts::add(bench_counts const& other) {
  for (std::size_t i = 0; i < services.size(); ++i) services[i].add(other.services[i]);
  opened += other.opened;
  for (auto const& [what, times] : other.errors) errors[what] += times;
  connect_ns.merge(other.connect_ns);
}

double bench_report::per_second() const noexcept {
  return seconds > 0 ? static_cast<double>(all.answered) / seconds : 0.0;
}

double bench_report::us_per_message(double cpu_seconds) const noexcept {
  auto const came_back = all.answered + all.failed;
  return came_back == 0 ? 0.0 : cpu_seconds * 1e6 / static_cast<double>(came_back);
}

double bench_report::own_load() const noexcept {
  return seconds > 0 ? busiest_cpu_s / seconds : 0.0;
}

std::vector<std::string> bench_report::own_limits() const {
  std::vector<std::string> reasons;
  if (own_load() > busy) reasons.emplace_back("its busiest thread used more than 90 % of a core: use more --threads");
  return reasons;
}

}  // namespace gw::tools
