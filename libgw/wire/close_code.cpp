#include "wire/close_code.hpp"

namespace gw::wire {

bool is_valid_on_wire(std::uint16_t code, role sender) noexcept {
  if (code == static_cast<std::uint16_t>(close_code::mandatory_extension)) return sender == role::client;
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

std::string make_close_payload(close_code code, std::string_view reason, role sender) {
  auto const number = static_cast<std::uint16_t>(code);
  if (!is_valid_on_wire(number, sender)) return {};
  std::size_t size = reason.size();
  if (constexpr std::size_t most = max_control_payload - 2; size > most) {
    auto const continues = [&](std::size_t i) { return (static_cast<unsigned char>(reason[i]) & 0xC0U) == 0x80U; };
    size = most;
    while (size > 0 && continues(size)) --size;
  }
  std::string payload;
  payload.reserve(2 + size);
  payload += static_cast<char>(number >> 8U);
  payload += static_cast<char>(number & 0xFFU);
  payload += reason.substr(0, size);
  return payload;
}

}  // namespace gw::wire
