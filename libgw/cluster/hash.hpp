// The hash by which keys find their instance. Used by the pool, the balancers and whoever makes keys. It is the same in
// every process and version: gateways side by side must agree about it.
#pragma once

#include <cstdint>
#include <string_view>

namespace gw::cluster {

/// MurmurHash3's 64-bit finaliser: every bit of the input changes about half of the output. A bijection.
constexpr std::uint64_t mixed(std::uint64_t bits) noexcept {
  bits = (bits ^ (bits >> 33)) * 0xff51afd7ed558ccdU;
  bits = (bits ^ (bits >> 33)) * 0xc4ceb9fe1a85ec53U;
  return bits ^ (bits >> 33);
}

/// FNV-1a of 64 bits, finalised. Whoever chooses the text can choose its instance: no protection against that.
constexpr std::uint64_t hash_of(std::string_view text) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (char const c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return mixed(hash);
}

}  // namespace gw::cluster
