#include "tools/bench_counts.hpp"

#include "tools/printable.hpp"

namespace gw::tools {
namespace {

constexpr double busy = 0.9;                  // of a core: beyond this we measure ourselves
constexpr std::uint64_t late_ns = 1'000'000;  // send lag: beyond this messages do not leave when they should

constexpr std::size_t most_classes = 100;  // of errors
constexpr std::size_t longest_class = 200;
constexpr std::string_view other_class = "other";

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

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
  uncorrected_ns.merge(other.uncorrected_ns);
  push_ns.merge(other.push_ns);
}

void bench_counts::count(bench_errors& in, std::string_view what, std::uint64_t times) {
  what = what.substr(0, longest_class);
  auto known = in.find(what);
  if (known == in.end()) {
    // A server that makes up its codes is not to fill our memory, nor to speak to a terminal.
    known = in.try_emplace(in.size() < most_classes ? printable(what) : std::string(other_class)).first;
  }
  known->second += times;
}

void bench_counts::add(bench_counts const& other) {
  for (std::size_t i = 0; i < services.size(); ++i) services[i].add(other.services[i]);
  opened += other.opened;
  skipped += other.skipped;
  unmatched += other.unmatched;
  duplicates += other.duplicates;
  send_lag_ns.merge(other.send_lag_ns);
  for (auto const& [what, times] : other.errors) errors[what] += times;
  for (auto const& [what, times] : other.warmup_errors) warmup_errors[what] += times;
  saw_push_stamp = saw_push_stamp || other.saw_push_stamp;
  connect_ns.merge(other.connect_ns);
}

void bench_sample::add(bench_sample const& other) {
  sent += other.sent;
  answered += other.answered;
  failed += other.failed;
  errors += other.errors;
  warmup_errors += other.warmup_errors;
  skipped += other.skipped;
  pushed += other.pushed;
  back += other.back;
  in_flight += other.in_flight;
  open += other.open;
  latency_ns.merge(other.latency_ns);
}

bench_second interval(bench_sample const& from, bench_sample const& to, bool measured) {
  auto const latency = to.latency_ns.since(from.latency_ns);
  return {.measured = measured,
          .sent = to.sent - from.sent,
          .answered = to.answered - from.answered,
          .failed = to.failed - from.failed,
          .errors = to.errors - from.errors,
          .errors_so_far = to.errors + (measured ? 0 : to.warmup_errors),
          .skipped = to.skipped - from.skipped,
          .pushed = to.pushed - from.pushed,
          .in_flight = to.in_flight,
          .open = to.open,
          .p50_ns = latency.value_at_percentile(50),
          .p99_ns = latency.value_at_percentile(99),
          .max_ns = latency.max()};
}

double bench_report::per_second() const noexcept {
  return seconds > 0 ? static_cast<double>(all.answered) / seconds : 0.0;
}

double bench_report::sent_per_second() const noexcept {
  return seconds > 0 ? static_cast<double>(all.sent) / seconds : 0.0;
}

std::uint64_t bench_report::errors() const noexcept {
  auto count = all.unanswered;
  for (auto const& [what, times] : counts.errors) count += times;
  return count;
}

double bench_report::error_rate() const noexcept {
  auto const bad = all.failed + all.unanswered;
  return share(bad, bad + all.answered);
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
  if (counts.send_lag_ns.value_at_percentile(99) > late_ns)
    reasons.emplace_back("messages left late (send lag p99 above 1 ms): use more --threads or a lower --rate");
  if (own_load() > busy) reasons.emplace_back("its busiest thread used more than 90 % of a core: use more --threads");
  return reasons;
}

}  // namespace gw::tools
