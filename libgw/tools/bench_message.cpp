#include "tools/bench_message.hpp"

#include "wire/mask.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace gw::tools {
namespace {

// With --check every message of the default kind differs from all others: connection and ordinal in hexadecimal.
constexpr std::size_t stamp_size = 16;
using stamp = std::array<char, stamp_size>;

stamp make_stamp(std::uint64_t connection, std::uint64_t ordinal) noexcept {
  auto value = connection << 40 | (ordinal & ((std::uint64_t{1} << 40) - 1));
  stamp digits;
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, value >>= 4) {
    *digit = "0123456789abcdef"[value & 15];
  }
  return digits;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

constexpr std::string_view error_mark = R"("error":{"gw":1,"code":")";
constexpr std::string_view service_member = R"("service":")";

/// A mock's push: `push` where an envelope has `n`.
bool is_push(std::string_view text) noexcept {
  auto const front = text.substr(0, 256);
  return front.starts_with(R"({"service":)") && front.find(R"(,"push":)") != std::string_view::npos &&
         front.find(R"(,"n":)") == std::string_view::npos;
}

}  // namespace

result<bench_messages> bench_messages::make(bench_plan const& plan) {
  bench_messages made;
  for (auto const& service : plan.services) {
    of_service one;
    one.method_prefix = fmt::format(R"({{"method":"/api/v1/{}/)", service);
    one.service_prefix = fmt::format(R"({{"service":"{}")", service);
    if (!plan.message_template.empty()) {
      one.text = replaced(plan.message_template, "{service}", service);
    } else {
      auto const front = one.method_prefix + R"(bench","data":")";
      constexpr std::string_view back = R"("})";
      auto const least = front.size() + back.size() + (plan.check ? stamp_size : 0);
      if (plan.size < least) {
        return error{errc::bad_usage,
                     side::client,
                     fmt::format("--size {} is too small: the message for '{}' has at least {} bytes", plan.size,
                                 service, least),
                     {}};
      }
      one.text = front + std::string(plan.size - front.size() - back.size(), 'x') + std::string(back);
      if (plan.check) one.stamp_at = front.size();
    }
    made.texts_.push_back(std::move(one));
  }
  return made;
}

std::size_t bench_messages::largest_frame() const noexcept {
  std::size_t largest = 0;
  for (auto const& one : texts_) largest = std::max(largest, one.text.size());
  return largest + wire::max_header_size;
}

std::size_t bench_messages::write(char* to, std::size_t service, std::uint64_t connection, std::uint64_t ordinal,
                                  wire::mask_key key) const {
  auto const& one = texts_[service];
  auto const header = wire::write_header({.masked = true, .key = key, .length = one.text.size()}, to);
  auto* const payload = to + header;
  wire::mask_copy(payload, one.text, key);
  if (one.stamp_at != 0) {
    auto const digits = make_stamp(connection, ordinal);
    wire::mask_copy(payload + one.stamp_at, digits, key, one.stamp_at);
  }
  return header + one.text.size();
}

bool bench_messages::equals(std::string_view text, std::size_t service, std::uint64_t connection,
                            std::uint64_t ordinal) const noexcept {
  auto const& one = texts_[service];
  if (one.stamp_at == 0) return text == one.text;
  auto const digits = make_stamp(connection, ordinal);
  auto const behind = one.stamp_at + stamp_size;
  return text.size() == one.text.size() &&
         text.substr(0, one.stamp_at) == std::string_view(one.text).substr(0, one.stamp_at) &&
         text.substr(one.stamp_at, stamp_size) == std::string_view(digits.data(), digits.size()) &&
         text.substr(behind) == std::string_view(one.text).substr(behind);
}

bench_answer bench_messages::classify(std::string_view text) const noexcept {
  // An echo of the only service has its message's size: nothing else need be looked at.
  if (texts_.size() == 1 && text.size() == texts_.front().text.size()) return {bench_answer::kind::answer, 0};
  auto const service = service_in_front(text);
  if (service < texts_.size() && text.size() == texts_[service].text.size())
    return {bench_answer::kind::answer, service};
  if (auto const at = text.find(error_mark); at != std::string_view::npos) {
    return classify_error(text.substr(at + error_mark.size()), service);
  }
  if (is_push(text)) return {bench_answer::kind::push, service};
  if (service < texts_.size()) return {bench_answer::kind::answer, service};
  return texts_.size() == 1 ? bench_answer{bench_answer::kind::answer, 0} : bench_answer{};
}

bench_answer bench_messages::classify_error(std::string_view from_code, std::size_t service) const noexcept {
  bench_answer found{bench_answer::kind::error, service, from_code.substr(0, from_code.find('"'))};
  if (found.code == "CHANNEL_CLOSED" || found.code == "UPSTREAM_TOO_BIG")
    found.what = bench_answer::kind::channel_closed;
  // A notice has no method, but it names the service.
  if (service == texts_.size()) found.service = service_named(from_code);
  if (found.service == texts_.size()) found = {bench_answer::kind::unknown, 0, found.code};
  return found;
}

std::size_t bench_messages::service_in_front(std::string_view text) const noexcept {
  auto const begins = [&](of_service const& one) {
    return text.starts_with(one.method_prefix) || text.starts_with(one.service_prefix);
  };
  return static_cast<std::size_t>(std::find_if(texts_.begin(), texts_.end(), begins) - texts_.begin());
}

std::size_t bench_messages::service_named(std::string_view text) const noexcept {
  if (texts_.size() == 1) return 0;
  auto const at = text.find(service_member);
  if (at == std::string_view::npos) return texts_.size();
  auto const named = [&](of_service const& one) {
    return text.substr(at).starts_with(std::string_view(one.service_prefix).substr(1));
  };
  return static_cast<std::size_t>(std::find_if(texts_.begin(), texts_.end(), named) - texts_.begin());
}

}  // namespace gw::tools
