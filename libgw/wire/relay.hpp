// Passing messages on without copying them: the frame that came is turned, where it lies, into the frame to send.
// Used by the data path in both directions. Knows events and bytes only.
#pragma once

#include "wire/decoder.hpp"
#include "wire/frame.hpp"

#include <array>
#include <span>
#include <string_view>

namespace gw::wire {

/// Client to upstream. `message`: an event `message` of a decoder in the role of a server, still valid. Writes a header
/// with the key `fresh` over the one that came (same length) and masks the payload. Returns the whole frame, header
/// included; the event's payload is then masked and no longer readable.
std::span<char> remask_in_place(event const& message, mask_key fresh) noexcept;

/// Upstream to client. `message`: an event `message` of a decoder in the role of a client, still valid. Returns the
/// whole frame, header included, as it came: a server's frame is unmasked already, so no byte is touched.
std::span<char> unmasked_in_place(event const& message) noexcept;

/// Which part of a message a piece is.
struct piece_place {
  opcode op = opcode::text;  // the message's
  bool first = false;
  bool last = false;
};

/// A piece of a message as a frame of its own, to be sent as header() and then payload().
class piece_frame {
 public:
  std::string_view header() const noexcept { return {header_.data(), header_size_}; }
  std::string_view payload() const noexcept { return payload_; }
  std::size_t size() const noexcept { return header_size_ + payload_.size(); }

 private:
  friend piece_frame frame_piece(std::span<char> piece, piece_place at, mask_key const* key) noexcept;

  std::array<char, max_header_size> header_;
  std::size_t header_size_ = 0;
  std::string_view payload_;
};

/// `piece` must stay where it is until the frame is sent. `key` null: unmasked; else `piece` is masked where it lies.
piece_frame frame_piece(std::span<char> piece, piece_place at, mask_key const* key) noexcept;

}  // namespace gw::wire
