// Turns the bytes of one direction of a WebSocket into events, in place and without copying payload.
// One decoder per direction, either role. Pure: no sockets, no clock; no allocation but for a control frame that is cut
// by the end of the input.
#pragma once

#include "wire/close_code.hpp"
#include "wire/frame.hpp"
#include "wire/utf8.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace gw::wire {

struct event {
  enum class kind : std::uint8_t {
    none,       // the input is used up; give more
    message,    // a whole, unfragmented message that lay in the input as one piece
    piece,      // a part of a message: fragmented, or cut by the end of the input; never empty unless `last`
    control,    // a whole ping, pong or close
    violation,  // the peer broke the protocol: send `code` and end; the decoder is finished
  };
  kind what = kind::none;
  opcode op = opcode::text;     // message, piece: text or binary (the message's, also in continuations); control: which
  bool first = false;           // piece: begins the message
  bool last = false;            // piece: ends it
  bool compressed = false;      // message, piece: as it came, to be inflated (wire/deflate); not checked for UTF-8
  std::span<char> payload{};    // unmasked in place, UTF-8 checked if text (a piece may end inside a code point)
  std::size_t header_size = 0;  // message: the frame's header stands in the header_size bytes before payload and,
                                // like the payload, may be overwritten: the shortest form, so a new header fits exactly
  std::uint64_t remaining = 0;  // piece: payload bytes of its frame still to come (a hint for reserving)
  close_code code{};            // violation: what to send; control close: what came (no_status if empty)
  std::string_view reason{};    // violation: in words; control close: the peer's reason
};

/// Sans-I/O frame decoder (RFC 6455 sections 5 and 8.1). Enforces: masking by role, reserved bits and opcodes, control
/// frames (<= 125 bytes, unfragmented), shortest length form, fragmentation order, UTF-8 of text at the first bad byte,
/// close payloads (1 byte, codes never on the wire, reason UTF-8), the message limit from the header and the running
/// sum, at most 1,024 empty and 65,536 frames in one message (then policy_violation). The limit of a compressed message
/// holds for what it inflates to, which is whoever inflates it to judge; on the wire it may be little longer than that.
///
/// Use: `while ((e = d.next(input)).what != event::kind::none) ...`: next() cuts what it consumed off the front of
/// `input`, and consumes all of it in the end (an incomplete header or control frame is kept inside).
/// After a violation or a close the decoder is finished: it says so once, then drops whatever is given and returns
/// `none`. Views in an event are valid until the next call of next() and until the input's memory changes.
class decoder {
 public:
  /// `max_message`: payload bytes of one message; 0 = no limit.
  decoder(role we_are, std::uint64_t max_message) noexcept;

  /// permessage-deflate was agreed on: RSV1 on the first frame of a message says that it is compressed (RFC 7692
  /// section 6). Before the first call of next().
  void accept_compressed() noexcept { accepts_compressed_ = true; }

  event next(std::span<char>& input) noexcept;

  /// Inside a message of which at least the first header was seen and the end was not.
  bool inside_message() const noexcept;
  /// Nothing is kept: neither half a header nor half a frame nor half a message.
  bool at_boundary() const noexcept;

 private:
  enum class phase : std::uint8_t { header, payload, control, finished };

  struct verdict {
    close_code code = close_code::none;  // none: nothing to object to
    std::string_view why{};
  };

  event next_of_any(std::span<char>& input) noexcept;
  bool take_ordinary(std::span<char>& input, frame_header& h) const noexcept;
  bool take_header(std::span<char>& input, frame_header& h) noexcept;
  verdict judge(frame_header const& h) const noexcept;
  bool may_be_reserved(frame_header const& h) const noexcept;
  verdict judge_data(frame_header const& h) const noexcept;
  bool may_be_longer(frame_header const& h) const noexcept;
  void begin_frame(frame_header const& h) noexcept;
  event take_message(frame_header const& h, std::span<char>& input) noexcept;
  event take_compressed(frame_header const& h, std::span<char>& input) noexcept;
  event take_piece(std::span<char>& input) noexcept;
  event take_control(std::span<char>& input) noexcept;
  event read_close(std::span<char> payload) noexcept;
  bool uncover(std::span<char> part, mask_key key, bool is_text) noexcept;
  event violation(close_code code, std::string_view why) noexcept;

  std::uint64_t max_message_;
  std::uint64_t message_length_ = 0;  // announced by the frames of the message so far
  std::uint64_t remaining_ = 0;       // payload bytes of the current frame still to come
  std::uint32_t frames_ = 0;          // of the message so far
  std::uint32_t empty_frames_ = 0;
  mask_key key_{};     // of the current frame, turned to its next payload byte
  utf8_checker utf8_;  // at a boundary whenever no text message is under way
  role role_;
  phase phase_ = phase::header;
  opcode message_op_ = opcode::text;
  opcode control_op_ = opcode::ping;
  bool fin_ = false;  // of the current data frame
  bool inside_message_ = false;
  bool piece_given_ = false;  // of the message under way
  bool compressed_ = false;   // the message is
  bool accepts_compressed_ = false;
  std::uint8_t held_size_ = 0;
  std::array<char, max_header_size> held_;  // the front of a header
  std::unique_ptr<char[]> control_;         // a control frame's payload that came in parts
};

}  // namespace gw::wire
