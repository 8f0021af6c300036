#include "gateway/assembly.hpp"

#include <algorithm>

namespace gw::gateway {

void assembly::append(std::span<char const> piece, std::uint64_t remaining) {
  auto const so_far = std::max(bytes_.size(), wire::max_header_size) + piece.size();
  if (remaining > 0 && so_far > bytes_.capacity()) bytes_.reserve(so_far + std::min<std::uint64_t>(remaining, so_far));
  if (bytes_.empty()) bytes_.assign(wire::max_header_size, '\0');
  bytes_.append(piece.data(), piece.size());
}

std::span<char> assembly::payload() noexcept {
  if (bytes_.empty()) return {};
  return std::span(bytes_).subspan(wire::max_header_size);
}

wire::event assembly::as_message(wire::opcode op) {
  if (bytes_.empty()) append({});
  auto const body = payload();
  return {.what = wire::event::kind::message,
          .op = op,
          .payload = body,
          .header_size = wire::header_size(body.size(), true)};
}

std::span<char> assembly::as_frame(wire::opcode op) {
  if (bytes_.empty()) append({});
  auto const body = payload();
  auto const size = wire::header_size(body.size(), false);
  char* const begin = body.data() - size;
  wire::write_header({.op = op, .length = body.size()}, begin);
  return {begin, size + body.size()};
}

}  // namespace gw::gateway
