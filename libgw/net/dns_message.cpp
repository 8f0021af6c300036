#include "net/dns_message.hpp"

#include <ares.h>
#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <optional>

namespace gw::net {
namespace {

constexpr std::size_t header_size = 12;
constexpr std::uint16_t internet = 1;

/// Walks a message; nothing once it has run beyond its end.
class reader {
 public:
  explicit reader(std::span<unsigned char const> message) : message_(message) {}

  std::optional<std::uint16_t> number() {
    if (message_.size() - at_ < 2) return std::nullopt;
    auto const value = static_cast<std::uint16_t>(message_[at_] << 8 | message_[at_ + 1]);
    at_ += 2;
    return value;
  }

  std::optional<std::span<unsigned char const>> bytes(std::size_t count) {
    if (message_.size() - at_ < count) return std::nullopt;
    auto const found = message_.subspan(at_, count);
    at_ += count;
    return found;
  }

  /// Names may point back into the message (RFC 1035 section 4.1.4).
  std::optional<std::string> name() {
    char* text = nullptr;
    long size = 0;
    int const failed = at_ < message_.size() ? ares_expand_name(message_.data() + at_, message_.data(),
                                                                static_cast<int>(message_.size()), &text, &size)
                                             : ARES_EBADNAME;
    if (failed != ARES_SUCCESS) return std::nullopt;
    at_ += static_cast<std::size_t>(size);
    std::string made(text);
    ares_free_string(text);
    return made;
  }

 private:
  std::span<unsigned char const> message_;
  std::size_t at_ = 0;
};

struct raw_record {
  std::uint16_t type = 0;
  std::uint16_t family = 0;
  std::uint32_t ttl = 0;
  std::uint16_t size = 0;
};

std::optional<raw_record> next_head(reader& from) {
  if (!from.name()) return std::nullopt;
  std::array<std::uint16_t, 5> words{};
  for (auto& w : words) {
    auto const read = from.number();
    if (!read) return std::nullopt;
    w = *read;
  }
  return raw_record{words[0], words[1], static_cast<std::uint32_t>(words[2]) << 16 | words[3], words[4]};
}

std::optional<std::string> literal_of(std::span<unsigned char const> bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  bool const is_v4 = bytes.size() == 4;
  if (!is_v4 && bytes.size() != 16) return std::nullopt;
  return ::inet_ntop(is_v4 ? AF_INET : AF_INET6, bytes.data(), text.data(), text.size());
}

std::optional<dns_record> service_of(reader& from) {
  auto const priority = from.number();
  auto const weight = from.number();
  auto const port = from.number();
  auto target = from.name();
  if (!priority || !weight || !port || !target) return std::nullopt;
  return dns_record{std::move(*target), *port, *priority, *weight};
}

}  // namespace

result<dns_answer> read_dns_answer(std::span<unsigned char const> message, dns_type asked) {
  error const broken{errc::io, side::upstream, "the name server's answer is broken", {}};
  reader from(message);
  auto const head = from.bytes(header_size);
  if (!head) return broken;
  auto const count_at = [&head](std::size_t at) { return (*head)[at] << 8 | (*head)[at + 1]; };
  for (int i = count_at(4); i > 0; --i) {
    if (!from.name() || !from.bytes(4)) return broken;
  }
  dns_answer answer;
  std::uint32_t ttl = UINT32_MAX;
  for (int i = count_at(6); i > 0; --i) {
    auto const one = next_head(from);
    if (!one) return broken;
    ttl = std::min(ttl, one->ttl);
    reader content = from;  // of an SRV record: a name in it may point anywhere
    auto const bytes = from.bytes(one->size);
    if (!bytes) return broken;
    if (one->family != internet || one->type != static_cast<std::uint16_t>(asked)) continue;  // a CNAME on the way
    std::optional<dns_record> record;
    if (asked == dns_type::srv) {
      record = service_of(content);
    } else if (auto literal = literal_of(*bytes)) {
      record = dns_record{.target = std::move(*literal)};
    }
    if (!record) return broken;
    answer.records.push_back(std::move(*record));
  }
  if (!answer.records.empty()) answer.good_for = std::chrono::seconds(ttl);
  return answer;
}

}  // namespace gw::net
