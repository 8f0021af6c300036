#include "tools/bench_target.hpp"

#include <fmt/format.h>

#include <utility>

namespace gw::tools {

result<bench_target> bench_target::make(websocket_request const& ask, bench_plan const& plan) {
  bench_target made;
  made.ask_ = ask;
  for (auto const& field : ask.fields) {
    if (field.value.find("{service}") != field.value.npos) {
      return error{
          errc::bad_usage,
          side::client,
          fmt::format("header {}: a connection has no one service that {{service}} could stand for", field.name),
          {}};
    }
    auto value = bench_template::parse(field.value, "", plan.rows.rows() == 0 ? nullptr : &plan.rows);
    if (!value) return value.error();
    made.values_.push_back(std::move(*value));
  }
  return made;
}

websocket_request bench_target::request(std::uint64_t number, bench_random& random) const {
  auto ask = ask_;
  for (std::size_t i = 0; i < values_.size(); ++i) {
    auto& value = ask.fields[i].value;
    value.resize(values_[i].most());
    value.resize(values_[i].fill(value.data(), {.connection = number, .n = 1, .next = number}, random));
  }
  return ask;
}

}  // namespace gw::tools
