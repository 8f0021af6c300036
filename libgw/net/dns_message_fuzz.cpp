// Any bytes are an answer of a name server or are refused, whichever kind of record was asked for; an address that is
// read is one.
#include "net/dns_message.hpp"

#include <arpa/inet.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace {

void require(bool holds) {
  if (!holds) __builtin_trap();
}

bool is_literal(std::string const& text) {
  std::array<unsigned char, 16> bytes{};
  return inet_pton(AF_INET, text.c_str(), bytes.data()) == 1 || inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using gw::net::dns_type;
  for (auto const asked : {dns_type::a, dns_type::aaaa, dns_type::srv}) {
    auto const answer = gw::net::read_dns_answer({data, size}, asked);
    if (!answer) continue;
    require(!answer->records.empty() || answer->good_for == gw::duration{});
    for (auto const& r : answer->records) require(asked == dns_type::srv || is_literal(r.target));
  }
  return 0;
}
