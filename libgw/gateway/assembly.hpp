// Collects a message that arrives in pieces, with room in front of it for a frame header, so that the whole can leave
// without another copy. Empty and without memory while no message is under way. Used by sessions and channels.
#pragma once

#include "wire/frame.hpp"

#include <cstddef>
#include <span>
#include <string>

namespace gw::gateway {

class assembly {
 public:
  /// Grows with what really came, never by a length that was only announced.
  void append(std::span<char const> piece);
  std::size_t size() const noexcept { return bytes_.empty() ? 0 : bytes_.size() - wire::max_header_size; }
  bool empty() const noexcept { return size() == 0; }
  std::span<char> payload() noexcept;

  /// The collected payload as one frame, made in place; masked if there is a key. The payload is unreadable then.
  std::span<char> as_frame(wire::opcode op, wire::mask_key const* key, bool fin = true);

  void clear() noexcept { std::string().swap(bytes_); }

 private:
  std::string bytes_;
};

}  // namespace gw::gateway
