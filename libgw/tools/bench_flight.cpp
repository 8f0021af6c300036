#include "tools/bench_flight.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace gw::tools {
namespace {

std::uint64_t ns_between(time_point from, time_point to) {
  return static_cast<std::uint64_t>(std::chrono::nanoseconds(std::max(to - from, duration::zero())).count());
}

/// Never 0.
std::uint64_t digest_of(std::string_view text) noexcept {
  return std::hash<std::string_view>()(text) | 1;
}

bool differs(std::uint64_t digest, std::string_view text) noexcept {
  return digest != 0 && digest != digest_of(text);
}

/// Cuts the used front off once it is the greater part: each element is moved once at most.
template <class Element>
void compact(std::vector<Element>& of, std::size_t& first) {
  if (first < 64 || first * 2 < of.size()) return;
  of.erase(of.begin(), of.begin() + static_cast<std::ptrdiff_t>(first));
  first = 0;
}

}  // namespace

template <class Function>
void bench_flight::queue::take(std::uint64_t count, Function each) {
  waiting -= count;
  while (count != 0) {
    auto& oldest = batches[first];
    auto const n = std::min(count, oldest.count);
    each(oldest.left, n);
    count -= n;
    oldest.count -= n;
    if (oldest.count == 0) ++first;
  }
  if (first == batches.size()) {
    batches.clear();
    first = 0;
  }
  compact(batches, first);
}

std::uint64_t bench_flight::queue::take_digest() {
  auto const digest = digests[first_digest++];
  compact(digests, first_digest);
  return digest;
}

bench_flight::bench_flight(bench_thread& of) : thread_(of), queues_(of.messages.services()) {}

// --- out ---

void bench_flight::leaves(std::size_t service, std::string_view text, bench_departure when) {
  auto& to = queues_[service];
  ++to.fresh_messages;
  if (thread_.reader.matches()) {
    thread_.reader.read(text);
    pending_.add(
        {.key = thread_.reader.key().value_or(0), .left = when, .service = service, .digest = digest_to_compare(text)});
  } else if (thread_.plan.check) {
    to.digests.push_back(digest_to_compare(text));
  }
}

std::uint64_t bench_flight::digest_to_compare(std::string_view text) {
  return thread_.plan.check && ++checkable_ % thread_.plan.check_every == 0 ? digest_of(text) : 0;
}

void bench_flight::all_left(bench_departure when) {
  for (std::size_t service = 0; service < queues_.size(); ++service) {
    auto& to = queues_[service];
    auto const count = std::exchange(to.fresh_messages, 0);
    if (count == 0) continue;
    waiting_ += count;
    thread_.in_flight += count;
    if (thread_.is_measured(when)) thread_.counts.services[service].sent += count;
    if (thread_.reader.matches()) continue;
    to.waiting += count;
    to.batches.push_back({when, count});
  }
}

// --- in ---

std::uint64_t bench_flight::answered(std::size_t service, std::string_view text) {
  if (thread_.reader.matches()) return matched(text);
  auto& from = queues_[service];
  if (from.fresh_answers == from.waiting) {
    if (thread_.measuring) ++thread_.counts.unmatched;
    return 0;
  }
  ++from.fresh_answers;
  from.fresh_bytes += text.size();
  bool const is_wrong = thread_.plan.check && differs(from.take_digest(), text);
  if (is_wrong && thread_.measuring) ++thread_.counts.services[service].mismatches;
  // Of an open loop the last answers of the warm-up and the first that count may come together: not so their bytes.
  bool const is_of_warmup = thread_.plan.is_open_loop() && !thread_.is_measured(from.batches[from.first].left);
  if (is_of_warmup) settle(service, thread_.time.now());
  return 1;
}

std::uint64_t bench_flight::matched(std::string_view text) {
  auto const key = thread_.reader.key();
  auto const found = key ? pending_.take(*key) : std::nullopt;
  if (!found) {
    if (thread_.measuring) ++(key && was_answered(*key) ? thread_.counts.duplicates : thread_.counts.unmatched);
    return 0;
  }
  thread_.lately_answered[*key % thread_.lately_answered.size()] = *key;
  if (differs(found->digest, text) && thread_.measuring) ++thread_.counts.services[found->service].mismatches;
  fresh_matches_.push_back({found->service, found->left, text.size()});
  return 1;
}

bool bench_flight::was_answered(std::uint64_t key) const noexcept {
  return thread_.lately_answered[key % thread_.lately_answered.size()] == key;
}

std::uint64_t bench_flight::failed(bench_answer const& by) {
  if (thread_.reader.matches()) return failed_by_key(by);
  auto& from = queues_[by.service];
  settle(by.service, thread_.time.now());
  auto const count = std::min(by.times, from.waiting);
  if (count == 0) return 0;
  for (std::uint64_t i = 0; thread_.plan.check && i < count; ++i) from.take_digest();
  from.take(count, [&](bench_departure const& left, std::uint64_t n) {
    if (thread_.is_measured(left)) thread_.counts.services[by.service].failed += n;
  });
  no_longer(count);
  return count;
}

/// An error frame that echoes no key is taken for the answer to the oldest messages to its service.
std::uint64_t bench_flight::failed_by_key(bench_answer const& by) {
  auto const before = pending_.size();
  auto const fail = [this](bench_pending::message const& one) {
    if (thread_.is_measured(one.left)) ++thread_.counts.services[one.service].failed;
  };
  if (auto const key = thread_.reader.echoed_key()) {
    if (auto const found = pending_.take(*key)) fail(*found);
  } else {
    pending_.take_oldest(by.service, by.times, fail);
  }
  auto const count = before - pending_.size();
  if (count != 0) no_longer(count);
  return count;
}

std::uint64_t bench_flight::lose(std::size_t service, time_point since) {
  settle();
  auto const before = waiting_;
  auto& tally = thread_.counts.services[service];
  auto& all = queues_[service];
  auto const count = [&](bench_departure const& left, std::uint64_t n) {
    if (thread_.is_measured(left) && left.sent < since) tally.unanswered += n;
  };
  if (thread_.reader.matches()) {
    auto const in_table = pending_.size();
    pending_.take_all(service, [&](bench_pending::message const& one) { count(one.left, 1); });
    no_longer(in_table - pending_.size());
  } else {
    auto const lost = all.waiting;
    all.take(lost, count);
    all.digests.clear();
    all.first_digest = 0;
    no_longer(lost);
  }
  return before - waiting_;
}

void bench_flight::lose_all() {
  forget(time_point::max());
}

void bench_flight::forget(time_point since) {
  for (std::size_t service = 0; service < queues_.size(); ++service) lose(service, since);
}

time_point bench_flight::settle() {
  auto const now = thread_.time.now();
  settle_matches(now);
  for (std::size_t service = 0; service < queues_.size(); ++service) settle(service, now);
  return now;
}

void bench_flight::settle_matches(time_point now) {
  if (fresh_matches_.empty()) return;
  for (auto const& m : fresh_matches_) {
    count_answers(m.service, m.left, 1, now);
    count_bytes(m.service, m.left, m.bytes);
  }
  auto const count = fresh_matches_.size();
  fresh_matches_.clear();
  no_longer(count);
}

void bench_flight::settle(std::size_t service, time_point now) {
  auto& from = queues_[service];
  auto const count = std::exchange(from.fresh_answers, 0);
  auto const bytes = std::exchange(from.fresh_bytes, 0);
  if (count == 0) return;
  count_bytes(service, from.batches[from.first].left, bytes);
  from.take(count, [&](bench_departure const& left, std::uint64_t n) { count_answers(service, left, n, now); });
  no_longer(count);
}

void bench_flight::count_answers(std::size_t service, bench_departure const& left, std::uint64_t count,
                                 time_point now) {
  if (!thread_.is_measured(left)) return;
  auto& tally = thread_.counts.services[service];
  tally.answered += count;
  tally.latency_ns.record_n(ns_between(left.planned, now), count);
  if (thread_.plan.is_open_loop()) tally.uncorrected_ns.record_n(ns_between(left.sent, now), count);
}

void bench_flight::count_bytes(std::size_t service, bench_departure const& left, std::uint64_t bytes) {
  if (thread_.is_measured(left)) thread_.counts.services[service].answer_bytes += bytes;
}

void bench_flight::no_longer(std::uint64_t count) {
  waiting_ -= count;
  thread_.in_flight -= count;
  thread_.back += count;
  if (thread_.in_flight == 0) thread_.look_if_quiet();
}

}  // namespace gw::tools
