#include "wire/relay.hpp"

#include "core/view.hpp"
#include "wire/mask.hpp"

#include <cassert>

namespace gw::wire {
namespace {

std::span<char> whole_frame(event const& message, [[maybe_unused]] bool masked) noexcept {
  assert(message.what == event::kind::message);
  assert(message.header_size == header_size(message.payload.size(), masked));
  return {message.payload.data() - message.header_size, message.header_size + message.payload.size()};
}

}  // namespace

std::span<char> remask_in_place(event const& message, mask_key fresh) noexcept {
  std::span<char> const frame = whole_frame(message, true);
  // The shortest form came, so the shortest form fits.
  write_header({.op = message.op, .masked = true, .key = fresh, .length = message.payload.size()}, frame.data());
  apply_mask(message.payload, fresh);
  return frame;
}

std::span<char> unmasked_in_place(event const& message) noexcept {
  return whole_frame(message, false);
}

piece_frame frame_piece(std::span<char> piece, piece_place at, mask_key const* key) noexcept {
  piece_frame frame;
  frame.header_size_ = write_header({.fin = at.last,
                                     .op = at.first ? at.op : opcode::continuation,
                                     .masked = key != nullptr,
                                     .key = key != nullptr ? *key : mask_key{},
                                     .length = piece.size()},
                                    frame.header_.data());
  if (key != nullptr) apply_mask(piece, *key);
  frame.payload_ = view(piece);
  return frame;
}

}  // namespace gw::wire
