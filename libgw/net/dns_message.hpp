// What the answer of a name server says: the records of the kind that was asked for. Pure; used by the DNS client.
#pragma once

#include "core/clock.hpp"
#include "core/error.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace gw::net {

/// The numbers of RFC 1035, RFC 3596 and RFC 2782.
enum class dns_type : std::uint16_t { a = 1, aaaa = 28, srv = 33 };

struct dns_record {
  std::string target = {};  // an IP literal, or of an SRV record a host name
  std::uint16_t port = 0;   // this and what follows: of an SRV record
  std::uint16_t priority = 0;
  std::uint16_t weight = 0;

  friend bool operator==(dns_record const&, dns_record const&) = default;
};

struct dns_answer {
  std::vector<dns_record> records = {};
  duration good_for = {};  // the smallest TTL on the way to them; zero without records
};

/// Reads the answer section. The error (side::upstream, errc::io) says that the message is cut or broken.
result<dns_answer> read_dns_answer(std::span<unsigned char const> message, dns_type asked);

}  // namespace gw::net
