#include "wire/frame.hpp"

#include "wire/mask.hpp"

#include <algorithm>

namespace gw::wire {
namespace {

constexpr std::size_t extended_size(unsigned form) noexcept {
  return form == form_64 ? 8 : form == form_16 ? 2 : 0;
}

constexpr unsigned shortest_form(std::uint64_t length) noexcept {
  if (length < form_16) return static_cast<unsigned>(length);
  return length <= 0xFFFF ? form_16 : form_64;
}

}  // namespace

bool parse_header(std::span<char const> bytes, frame_header& out) noexcept {
  if (bytes.size() < 2) return false;
  auto const at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  bool const masked = (at(1) & mask_bit) != 0;
  unsigned const form = at(1) & ~mask_bit;
  std::size_t const key_at = 2 + extended_size(form);
  std::size_t const size = key_at + (masked ? 4 : 0);
  if (bytes.size() < size) return false;

  std::uint64_t length = form;
  if (form >= form_16) {
    length = 0;
    for (std::size_t i = 2; i < key_at; ++i) length = length << 8U | at(i);
  }
  out.fin = (at(0) & fin_bit) != 0;
  out.reserved = static_cast<std::uint8_t>(at(0) >> 4U & 7U);
  out.op = static_cast<opcode>(at(0) & 0x0FU);
  out.masked = masked;
  out.size = static_cast<std::uint8_t>(size);
  if (masked) out.key = {at(key_at), at(key_at + 1), at(key_at + 2), at(key_at + 3)};
  out.length = length;
  out.minimal = form == shortest_form(length);
  return true;
}

std::size_t header_size(std::uint64_t length, bool masked) noexcept {
  return 2 + extended_size(shortest_form(length)) + (masked ? 4 : 0);
}

std::size_t write_header(frame_header const& h, char* to) noexcept {
  unsigned const form = shortest_form(h.length);
  std::size_t const extended = extended_size(form);
  *to++ = static_cast<char>((h.fin ? fin_bit : 0U) | (h.reserved & 7U) << 4U | static_cast<unsigned>(h.op));
  *to++ = static_cast<char>((h.masked ? mask_bit : 0U) | form);
  for (std::size_t i = extended; i-- > 0;) *to++ = static_cast<char>(h.length >> (8 * i) & 0xFFU);
  if (h.masked) std::ranges::transform(h.key, to, [](unsigned char c) { return static_cast<char>(c); });
  return 2 + extended + (h.masked ? 4 : 0);
}

std::string make_frame(opcode op, std::string_view payload, mask_key const* key, bool fin) {
  frame_header h{.fin = fin, .op = op, .masked = key != nullptr, .length = payload.size()};
  if (key != nullptr) h.key = *key;
  std::string frame(header_size(payload.size(), h.masked) + payload.size(), '\0');
  std::size_t const written = write_header(h, frame.data());
  if (key != nullptr) {
    mask_copy(frame.data() + written, payload, *key);
  } else {
    payload.copy(frame.data() + written, payload.size());
  }
  return frame;
}

}  // namespace gw::wire
