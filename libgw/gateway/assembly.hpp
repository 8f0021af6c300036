// Collects a message that arrives in pieces, with room in front of it for a frame header, so that the whole can leave
// without another copy. Empty and without memory while no message is under way. Used by sessions and channels.
#pragma once

#include "wire/decoder.hpp"
#include "wire/frame.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace gw::gateway {

class assembly {
 public:
  /// `remaining`: how many bytes the frame has announced behind `piece`. They get room in advance, but no more than as
  /// much again as really came: an announcement alone costs us nothing.
  void append(std::span<char const> piece, std::uint64_t remaining = 0);
  std::size_t size() const noexcept { return bytes_.empty() ? 0 : bytes_.size() - wire::max_header_size; }
  bool empty() const noexcept { return size() == 0; }
  std::span<char> payload() noexcept;

  /// The event that a client's decoder would give of it: there is room for a header with a key before the payload.
  wire::event as_message(wire::opcode op);
  /// The collected payload as one unmasked frame, made in place.
  std::span<char> as_frame(wire::opcode op);

  void clear() noexcept { std::string().swap(bytes_); }

 private:
  std::string bytes_;
};

}  // namespace gw::gateway
