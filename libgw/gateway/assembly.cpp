#include "gateway/assembly.hpp"

#include "wire/mask.hpp"

namespace gw::gateway {

void assembly::append(std::span<char const> piece) {
  if (bytes_.empty()) bytes_.assign(wire::max_header_size, '\0');
  bytes_.append(piece.data(), piece.size());
}

std::span<char> assembly::payload() noexcept {
  if (bytes_.empty()) return {};
  return std::span(bytes_).subspan(wire::max_header_size);
}

std::span<char> assembly::as_frame(wire::opcode op, wire::mask_key const* key, bool fin) {
  if (bytes_.empty()) append({});
  auto const body = payload();
  wire::frame_header header{.fin = fin, .op = op, .masked = key != nullptr, .length = body.size()};
  if (key != nullptr) {
    header.key = *key;
    wire::apply_mask(body, *key);
  }
  auto const size = wire::header_size(body.size(), header.masked);
  char* const begin = body.data() - size;
  wire::write_header(header, begin);
  return {begin, size + body.size()};
}

}  // namespace gw::gateway
