#include "tools/bench_message.hpp"

#include "core/units.hpp"
#include "tools/bench_reader.hpp"
#include "wire/mask.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <numeric>
#include <utility>

namespace gw::tools {
namespace {

constexpr std::size_t stamp_size = 16;
// An error frame has its code in front, behind a method of 1 KiB at most.
constexpr std::size_t front_of_error = 2048;

constexpr std::string_view error_mark = R"("error":{"gw":1,"code":")";
constexpr std::string_view service_member = R"("service":")";
constexpr std::string_view repeated_member = R"("repeated":)";
constexpr std::string_view data_member = R"("data":)";

// Echoes may not be larger either: see bench_connection.
constexpr std::uint64_t largest_message = std::uint64_t{64} << 20;
// Messages of a closed loop that the server does not read are all in our memory.
constexpr std::uint64_t most_in_flight_bytes = std::uint64_t{4} << 30;
constexpr std::size_t shown = 100;  // bytes of a message

error bad(std::string why) {
  return {errc::bad_usage, side::client, std::move(why), {}};
}

/// Of one fault a gateway tells each message for a while, and then in one frame how many more there were.
std::uint64_t times_told(std::string_view from_code) noexcept {
  auto const fault = from_code.substr(0, from_code.find(data_member));
  auto const at = fault.find(repeated_member);
  std::uint64_t times = 1;
  if (at != fault.npos) std::from_chars(fault.data() + at + repeated_member.size(), fault.data() + fault.size(), times);
  return times;
}

/// A mock's push: `push` where an envelope has `n`.
bool is_push(std::string_view text) noexcept {
  auto const front = text.substr(0, 256);
  return front.starts_with(R"({"service":)") && front.find(R"(,"push":)") != std::string_view::npos &&
         front.find(R"(,"n":)") == std::string_view::npos;
}

}  // namespace

std::vector<std::uint32_t> spread(std::vector<bench_text_of_message> const& mix) {
  std::uint32_t divisor = 0;
  for (auto const& one : mix) divisor = std::gcd(divisor, one.weight);
  std::int64_t whole = 0;
  for (auto const& one : mix) whole += one.weight / divisor;
  // Each earns its weight a step; who has most is next, and pays for all.
  std::vector<std::int64_t> credit(mix.size());
  std::vector<std::uint32_t> order;
  for (std::int64_t i = 0; i < whole; ++i) {
    for (std::size_t one = 0; one < mix.size(); ++one) credit[one] += mix[one].weight / divisor;
    auto const next = std::max_element(credit.begin(), credit.end());
    *next -= whole;
    order.push_back(static_cast<std::uint32_t>(next - credit.begin()));
  }
  return order;
}

result<std::string> bench_messages::default_text(bench_plan const& plan, of_service const& to,
                                                 std::string_view service) {
  auto const front = to.method_prefix + R"(bench","data":")";
  constexpr std::string_view back = R"("})";
  auto const taken = front.size() + back.size() + (plan.check ? stamp_size : 0);
  if (plan.size < taken) {
    return bad(
        fmt::format("--size {} is too small: the message for '{}' has at least {} bytes", plan.size, service, taken));
  }
  // With --check every message differs from all others.
  return front + (plan.check ? "{stamp}" : "") + std::string(plan.size - taken, 'x') + std::string(back);
}

result<bench_messages> bench_messages::make(bench_plan const& plan) {
  bench_messages made;
  for (auto const& service : plan.services) {
    if (service.empty()) return bad("--service '' names none");
    if (std::count(plan.services.begin(), plan.services.end(), service) > 1) {
      return bad(fmt::format("'{}' stands twice in --service", service));
    }
    of_service one;
    one.method_prefix = fmt::format(R"({{"method":"/api/v1/{}/)", service);
    one.service_prefix = fmt::format(R"({{"service":"{}")", service);
    std::vector<std::string> texts;
    for (auto const& text : plan.mix) texts.push_back(text.text);
    if (texts.empty()) {
      auto text = default_text(plan, one, service);
      if (!text) return text.error();
      texts.push_back(std::move(*text));
    }
    for (auto const& text : texts) {
      auto parsed = bench_template::parse(text, service, plan.rows.rows() == 0 ? nullptr : &plan.rows);
      if (!parsed) return parsed.error();
      made.most_ = std::max(made.most_, parsed->most());
      one.texts.push_back(std::move(*parsed));
    }
    auto const& only = one.texts.front();
    if (one.texts.size() == 1 && (only.is_fixed() || plan.mix.empty())) one.echo_size = only.most();
    made.services_.push_back(std::move(one));
  }
  if (auto const good = made.judge_size(plan); !good) return good.error();
  if (auto const good = made.judge_match(plan); !good) return good.error();
  made.order_ = plan.mix.empty() ? std::vector<std::uint32_t>{0} : spread(plan.mix);
  return made;
}

result<> bench_messages::judge_size(bench_plan const& plan) const {
  if (most_ > largest_message)
    return bad(fmt::format("a message of {} bytes; at most {} can be sent", most_, size_text(largest_message)));
  auto const in_all = static_cast<double>(plan.connections) * static_cast<double>(plan.in_flight);
  if (plan.is_open_loop() || in_all * static_cast<double>(most_) <= static_cast<double>(most_in_flight_bytes))
    return {};
  return bad(
      fmt::format("{} connections with {} messages of {} bytes in flight need more than {} of memory; lower -c, "
                  "-p or --size",
                  plan.connections, plan.in_flight, most_, size_text(most_in_flight_bytes)));
}

/// Its answer would never be found.
result<> bench_messages::judge_match(bench_plan const& plan) const {
  if (plan.match.empty()) return {};
  bench_reader reader(plan);
  bench_random random(0);
  std::string room(most_, ' ');
  for (auto const& text : services_.front().texts) {
    auto const rows = text.is_fixed() ? 1 : std::max<std::size_t>(plan.rows.rows(), 1);
    for (std::size_t row = 0; row < rows; ++row) {
      auto const size = text.fill(room.data(), {.connection = row, .n = 1, .next = row}, random);
      auto const message = std::string_view(room).substr(0, size);
      reader.read(message);
      if (!reader.key())
        return bad(fmt::format("--match {}: there is nothing in the message {}", plan.match, message.substr(0, shown)));
    }
  }
  return {};
}

std::string_view bench_messages::text(bench_turn const& turn, bench_blanks const& with, bench_random& random,
                                      char* room) const {
  auto const& from = services_[turn.service].texts[order_[turn.place]];
  if (from.is_fixed()) return from.text();
  return {room, from.fill(room, with, random)};
}

std::size_t bench_messages::write(char* to, std::string_view text, wire::mask_key key) {
  auto const header = wire::write_header({.masked = true, .key = key, .length = text.size()}, to);
  wire::mask_copy(to + header, text, key);
  return header + text.size();
}

bench_answer bench_messages::classify(std::string_view text) const noexcept {
  // An echo of the only service has its message's size: nothing else need be looked at.
  if (services_.size() == 1 && text.size() == services_.front().echo_size) return {bench_answer::kind::answer, 0};
  auto const service = service_in_front(text);
  if (service < services_.size() && text.size() == services_[service].echo_size)
    return {bench_answer::kind::answer, service};
  if (auto const at = text.substr(0, front_of_error).find(error_mark); at != std::string_view::npos) {
    return classify_error(text.substr(at + error_mark.size()), service);
  }
  if (is_push(text)) return {bench_answer::kind::push, service < services_.size() ? service : 0};
  if (service < services_.size()) return {bench_answer::kind::answer, service};
  return services_.size() == 1 ? bench_answer{bench_answer::kind::answer, 0} : bench_answer{};
}

bench_answer bench_messages::classify_error(std::string_view from_code, std::size_t service) const noexcept {
  bench_answer found{bench_answer::kind::error, service, from_code.substr(0, from_code.find('"')),
                     times_told(from_code)};
  if (found.code == "CHANNEL_CLOSED" || found.code == "UPSTREAM_TOO_BIG")
    found.what = bench_answer::kind::channel_closed;
  // A notice has no method, but it names the service.
  if (service == services_.size()) found.service = service_named(from_code);
  if (found.service == services_.size()) {
    found.what = bench_answer::kind::unknown;
    found.service = 0;
  }
  return found;
}

std::size_t bench_messages::service_in_front(std::string_view text) const noexcept {
  auto const begins = [&](of_service const& one) {
    return text.starts_with(one.method_prefix) || text.starts_with(one.service_prefix);
  };
  return static_cast<std::size_t>(std::find_if(services_.begin(), services_.end(), begins) - services_.begin());
}

std::size_t bench_messages::service_named(std::string_view text) const noexcept {
  if (services_.size() == 1) return 0;
  auto const at = text.find(service_member);
  if (at == std::string_view::npos) return services_.size();
  auto const named = [&](of_service const& one) {
    return text.substr(at).starts_with(std::string_view(one.service_prefix).substr(1));
  };
  return static_cast<std::size_t>(std::find_if(services_.begin(), services_.end(), named) - services_.begin());
}

}  // namespace gw::tools
