#include "tools/bench_reader.hpp"

#include <fmt/core.h>

#include <charconv>
#include <functional>
#include <limits>
#include <utility>

namespace gw::tools {

result<> bench_reader::judge(bench_plan const& plan) {
  for (auto const& [option, pointer] : {std::pair{"--match", &plan.match}, std::pair{"--push", &plan.push}}) {
    auto const fault = pointer->empty() ? std::string_view() : route::pointer_fault(*pointer);
    if (!fault.empty())
      return error{errc::bad_usage, side::client, fmt::format("{} '{}': {}", option, *pointer, fault), {}};
  }
  return {};
}

bench_reader::bench_reader(bench_plan const& plan) {
  if (!plan.match.empty()) {
    match_ = fields_.add(plan.match);
    echo_ = fields_.add("/data" + plan.match.substr(plan.match.rfind('/')));
  }
  if (!plan.push.empty()) push_ = fields_.add(plan.push);
}

void bench_reader::read(std::string_view text) {
  found_ = fields_.read(text, false);
}

std::optional<std::uint64_t> bench_reader::hash_at(std::optional<std::size_t> field) const noexcept {
  if (!field || !found_) return std::nullopt;
  auto const& value = fields_[*field];
  if (value.what != route::field::kind::scalar) return std::nullopt;
  return std::hash<std::string_view>()(value.text);
}

std::optional<std::int64_t> bench_reader::pushed_at_us() const noexcept {
  if (!push_ || !found_ || fields_[*push_].what != route::field::kind::scalar) return std::nullopt;
  auto const text = fields_[*push_].text;
  std::int64_t us = 0;
  auto const [end, failed] = std::from_chars(text.data(), text.data() + text.size(), us);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  // A server may say anything: it is a time if it can be told in nanoseconds.
  if (us < 0 || us > std::numeric_limits<std::int64_t>::max() / 1000) return std::nullopt;
  return us;
}

}  // namespace gw::tools
