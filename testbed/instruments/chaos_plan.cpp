#include "instruments/chaos_plan.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>

namespace gw::testbed {
namespace {

using nlohmann::json;
using milliseconds = std::chrono::milliseconds;

constexpr auto never = std::numeric_limits<std::uint64_t>::max();

template <class T>
void take(json& from, char const* name, T& into) {
  if (auto const found = from.find(name); found != from.end()) {
    into = found->get<T>();
    from.erase(found);
  }
}

void take(json& from, char const* name, milliseconds& into) {
  auto count = into.count();
  take(from, name, count);
  into = milliseconds(count);
}

void take(json& from, char const* name, std::optional<chaos_plan::range>& into) {
  if (!from.contains(name)) return;
  chaos_plan::range range;
  take(from, name, range);
  into = range;
}

error bad(std::string what) {
  return {errc::bad_usage, side::client, std::move(what), {}};
}

std::mt19937_64 die(std::uint64_t seed, std::uint64_t link, std::uint64_t which) {
  std::seed_seq mixed{seed, link, which};
  return std::mt19937_64(mixed);
}

}  // namespace

result<chaos_plan> chaos_plan::parse(std::string_view text) {
  chaos_plan p;
  try {
    auto from = json::parse(text);
    std::string to, listen = "127.0.0.1:0";
    take(from, "to", to);
    take(from, "listen", listen);
    auto const target = net::address::parse(to);
    if (!target) return target.error();
    auto const at = net::address::parse(listen);
    if (!at) return at.error();
    p.to = *target;
    p.listen = *at;
    take(from, "seed", p.seed);
    take(from, "latency_ms", p.latency);
    take(from, "jitter_ms", p.jitter);
    take(from, "coalesce_ms", p.coalesce);
    take(from, "chop", p.chop);
    take(from, "stall_every", p.stall_every);
    take(from, "stall_ms", p.stall);
    take(from, "flip_every", p.flip_every);
    take(from, "bytes_per_second", p.bytes_per_second);
    take(from, "reset_after", p.reset_after);
    take(from, "half_close_after", p.half_close_after);
    if (!from.empty()) return bad("unknown member: " + from.begin().key());
  } catch (std::exception const& why) {
    return bad(why.what());
  }
  return p;
}

chaos_dice::chaos_dice(chaos_plan const& plan, std::uint64_t link, bool upward)
    : plan_(plan),
      flips_(die(plan.seed, link, upward ? 0 : 1)),
      cuts_(die(plan.seed, link, upward ? 2 : 3)),
      stalls_(die(plan.seed, link, upward ? 4 : 5)),
      ends_(die(plan.seed, link, upward ? 6 : 7)),
      delays_(die(plan.seed, link, upward ? 8 : 9)),
      next_flip_(plan.flip_every == 0 ? never : to_next_flip()),
      next_cut_(next_cut()),
      next_stall_(next_stall()),
      reset_at_(within(plan.reset_after)),
      half_close_at_(within(plan.half_close_after)) {}

std::uint64_t chaos_dice::to_next_flip() {
  return std::geometric_distribution<std::uint64_t>(1.0 / static_cast<double>(plan_.flip_every))(flips_);
}

std::uint64_t chaos_dice::next_cut() {
  if (plan_.chop == 0) return never;
  return written_ + std::uniform_int_distribution(std::uint64_t{1}, plan_.chop)(cuts_);
}

std::uint64_t chaos_dice::next_stall() {
  if (plan_.stall_every == 0) return never;
  return written_ + 1 + std::uniform_int_distribution(std::uint64_t{0}, 2 * plan_.stall_every)(stalls_);
}

std::uint64_t chaos_dice::within(std::optional<chaos_plan::range> const& range) {
  return range ? std::uniform_int_distribution(range->first, range->second)(ends_) : never;
}

std::uint64_t chaos_dice::damage(std::span<char> bytes) {
  std::uint64_t count = 0;
  while (next_flip_ - read_ < bytes.size()) {
    auto& hit = bytes[next_flip_ - read_];
    hit = static_cast<char>(hit ^ (1 << (flips_() % 8)));
    ++count;
    next_flip_ += 1 + to_next_flip();
  }
  read_ += bytes.size();
  return count;
}

std::size_t chaos_dice::next_write(std::size_t most) {
  auto const edge = std::min({next_cut_, next_stall_, reset_at_, half_close_at_});
  return static_cast<std::size_t>(std::min<std::uint64_t>(most, std::max<std::uint64_t>(edge - written_, 1)));
}

chaos_dice::fault chaos_dice::passed(std::size_t bytes) {
  written_ += bytes;
  if (written_ >= next_cut_) next_cut_ = next_cut();
  if (written_ >= reset_at_) return fault::reset;
  if (written_ >= half_close_at_) return fault::half_close;
  if (written_ < next_stall_) return fault::none;
  next_stall_ = next_stall();
  return fault::stall;
}

milliseconds chaos_dice::delay() {
  return plan_.latency + milliseconds(std::uniform_int_distribution<std::int64_t>(0, plan_.jitter.count())(delays_));
}

}  // namespace gw::testbed
