#include "wire/decoder.hpp"

#include "wire/mask.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>

namespace gw::wire {
namespace {

constexpr std::uint32_t max_frames = 65'536;
constexpr std::uint32_t max_empty_frames = 1'024;

// Unmasked and checked while it is in the first-level cache. A multiple of the key's length.
constexpr std::size_t block_size = 4'096;

constexpr std::uint8_t rsv1 = 4;

// The longest header of an ordinary frame: with two bytes of length and a key.
constexpr std::size_t ordinary_header_size = 8;

std::span<char> cut_front(std::span<char>& input, std::size_t size) noexcept {
  auto const front = input.first(size);
  input = input.subspan(size);
  return front;
}

std::string_view text_of(std::span<char const> bytes) noexcept {
  return {bytes.data(), bytes.size()};
}

bool is_defined(opcode op) noexcept {
  return op <= opcode::binary || (op >= opcode::close && op <= opcode::pong);
}

}  // namespace

decoder::decoder(role we_are, std::uint64_t max_message) noexcept
    : max_message_(max_message == 0 ? std::numeric_limits<std::uint64_t>::max() : max_message), role_(we_are) {}

event decoder::next(std::span<char>& input) noexcept {
  if (frame_header h; take_ordinary(input, h)) return take_message(h, input);
  return next_of_any(input);
}

/// Takes the header of what nearly every frame is: a whole message in the input, below 64 KiB, with nothing special
/// about it. Whatever it takes judge() would accept. False: nothing was taken, and the long way tells what it is.
bool decoder::take_ordinary(std::span<char>& input, frame_header& h) const noexcept {
  if (phase_ != phase::header || held_size_ != 0 || inside_message_ || input.size() < ordinary_header_size)
    return false;
  auto const at = [&](std::size_t i) { return static_cast<unsigned char>(input[i]); };
  h.op = static_cast<opcode>(at(0) ^ fin_bit);
  bool const server = role_ == role::server;
  unsigned const form = at(1) ^ (server ? mask_bit : 0U);
  if ((h.op != opcode::text && h.op != opcode::binary) || form > form_16) return false;
  h.length = form;
  std::size_t size = 2;
  if (form == form_16) {
    h.length = static_cast<unsigned>(at(2)) << 8U | at(3);
    if (h.length < form_16) return false;
    size = 4;
  }
  if (server) {
    std::memcpy(h.key.data(), input.data() + size, h.key.size());
    size += h.key.size();
  }
  if (h.length > input.size() - size || h.length > max_message_) return false;
  h.size = static_cast<std::uint8_t>(size);
  cut_front(input, size);
  return true;
}

event decoder::next_of_any(std::span<char>& input) noexcept {
  for (;;) {
    switch (phase_) {
      case phase::header: {
        bool const in_place = held_size_ == 0;
        frame_header h;
        if (!take_header(input, h)) return {};
        if (verdict const v = judge(h); v.code != close_code::none) return violation(v.code, v.why);
        bool const starts_message = h.op == opcode::text || h.op == opcode::binary;
        if (starts_message && h.fin && in_place && h.length <= input.size()) {
          return h.reserved == 0 ? take_message(h, input) : take_compressed(h, input);
        }
        begin_frame(h);
        break;
      }
      case phase::payload: {
        if (input.empty() && remaining_ > 0) return {};
        event const e = take_piece(input);
        if (e.what != event::kind::none) return e;
        break;
      }
      case phase::control:
        return take_control(input);
      case phase::finished:
        cut_front(input, input.size());
        return {};
    }
  }
}

bool decoder::inside_message() const noexcept {
  return inside_message_;
}

bool decoder::at_boundary() const noexcept {
  bool const inside_frame = phase_ == phase::payload || phase_ == phase::control;
  return !inside_frame && !inside_message_ && held_size_ == 0;
}

// False: all of the input was taken and the header is still incomplete.
bool decoder::take_header(std::span<char>& input, frame_header& h) noexcept {
  if (held_size_ == 0 && parse_header(input, h)) {
    cut_front(input, h.size);
    return true;
  }
  std::size_t const held = held_size_;
  std::size_t const added = std::min(input.size(), max_header_size - held);
  std::ranges::copy(input.first(added), held_.begin() + held_size_);
  if (!parse_header(std::span{held_}.first(held + added), h)) {
    held_size_ = static_cast<std::uint8_t>(held + added);
    cut_front(input, added);
    return false;
  }
  held_size_ = 0;
  cut_front(input, h.size - held);
  return true;
}

decoder::verdict decoder::judge(frame_header const& h) const noexcept {
  using enum close_code;
  if (h.reserved != 0 && !may_be_reserved(h)) return {protocol_error, "reserved bit set without an extension"};
  if (!is_defined(h.op)) return {protocol_error, "undefined opcode"};
  if (role_ == role::server && !h.masked) return {protocol_error, "unmasked frame from a client"};
  if (role_ == role::client && h.masked) return {protocol_error, "masked frame from a server"};
  if (!h.minimal) return {protocol_error, "length not in its shortest form"};
  if (h.length >> 63U != 0) return {protocol_error, "length with its top bit set"};
  if (!is_control(h.op)) return judge_data(h);
  if (!h.fin) return {protocol_error, "fragmented control frame"};
  if (h.length > max_control_payload) return {protocol_error, "control frame over 125 bytes"};
  return {};
}

bool decoder::may_be_reserved(frame_header const& h) const noexcept {
  return accepts_compressed_ && h.reserved == rsv1 && (h.op == opcode::text || h.op == opcode::binary);
}

decoder::verdict decoder::judge_data(frame_header const& h) const noexcept {
  using enum close_code;
  if (h.op == opcode::continuation && !inside_message_) return {protocol_error, "continuation without a message"};
  if (h.op != opcode::continuation && inside_message_) return {protocol_error, "new message inside a message"};
  if (message_length_ + h.length > max_message_ && !may_be_longer(h)) return {too_big, "message over the limit"};
  if (frames_ == max_frames) return {policy_violation, "too many frames in a message"};
  if (h.length == 0 && empty_frames_ == max_empty_frames) {
    return {policy_violation, "too many empty frames in a message"};
  }
  return {};
}

// Over the limit. What cannot be compressed grows a little (RFC 1951 section 3.2.4), more so by a poor compressor.
bool decoder::may_be_longer(frame_header const& h) const noexcept {
  bool const compressed = h.op == opcode::continuation ? compressed_ : h.reserved != 0;
  return compressed && message_length_ + h.length - max_message_ <= max_message_ / 8 + 64;
}

void decoder::begin_frame(frame_header const& h) noexcept {
  key_ = h.key;
  remaining_ = h.length;
  if (is_control(h.op)) {
    control_op_ = h.op;
    phase_ = phase::control;
    return;
  }
  if (h.op != opcode::continuation) {
    message_op_ = h.op;
    compressed_ = h.reserved != 0;
  }
  inside_message_ = true;
  fin_ = h.fin;
  message_length_ += h.length;
  ++frames_;
  if (h.length == 0) ++empty_frames_;
  phase_ = phase::payload;
}

event decoder::take_message(frame_header const& h, std::span<char>& input) noexcept {
  auto const payload = cut_front(input, h.length);
  if (!uncover(payload, h.key, h.op == opcode::text) || !utf8_.at_boundary()) {
    return violation(close_code::invalid_utf8, "text is not UTF-8");
  }
  return {.what = event::kind::message, .op = h.op, .payload = payload, .header_size = h.size};
}

event decoder::take_compressed(frame_header const& h, std::span<char>& input) noexcept {
  auto const payload = cut_front(input, h.length);
  uncover(payload, h.key, false);
  return {.what = event::kind::message, .op = h.op, .compressed = true, .payload = payload, .header_size = h.size};
}

// `none`: an empty fragment, of which there is nothing to tell.
event decoder::take_piece(std::span<char>& input) noexcept {
  auto const part = cut_front(input, std::min<std::uint64_t>(remaining_, input.size()));
  remaining_ -= part.size();
  bool const last = fin_ && remaining_ == 0;
  if (!uncover(part, key_, message_op_ == opcode::text && !compressed_) || (last && !utf8_.at_boundary())) {
    return violation(close_code::invalid_utf8, "text is not UTF-8");
  }
  key_ = turned(key_, part.size());
  if (remaining_ == 0) phase_ = phase::header;
  if (part.empty() && !last) return {};

  bool const first = !piece_given_;
  piece_given_ = !last;
  if (last) {
    inside_message_ = false;
    message_length_ = 0;
    frames_ = 0;
    empty_frames_ = 0;
  }
  return {.what = event::kind::piece,
          .op = message_op_,
          .first = first,
          .last = last,
          .compressed = compressed_,
          .payload = part,
          .remaining = remaining_};
}

// `none`: all of the input was taken and the frame is still incomplete.
event decoder::take_control(std::span<char>& input) noexcept {
  auto payload = input.first(std::min<std::uint64_t>(remaining_, input.size()));
  bool const in_place = held_size_ == 0 && payload.size() == remaining_;
  cut_front(input, payload.size());
  if (!in_place) {
    if (!control_) control_.reset(new (std::nothrow) char[max_control_payload]);
    if (!control_) return violation(close_code::internal_error, "no memory");
    std::ranges::copy(payload, control_.get() + held_size_);
    held_size_ = static_cast<std::uint8_t>(held_size_ + payload.size());
    remaining_ -= payload.size();
    if (remaining_ > 0) return {};
    payload = {control_.get(), held_size_};
  }
  held_size_ = 0;
  remaining_ = 0;
  phase_ = phase::header;
  if (role_ == role::server) apply_mask(payload, key_);
  if (control_op_ == opcode::close) return read_close(payload);
  return {.what = event::kind::control, .op = control_op_, .payload = payload};
}

event decoder::read_close(std::span<char> payload) noexcept {
  phase_ = phase::finished;
  event e{.what = event::kind::control, .op = opcode::close, .payload = payload, .code = close_code::no_status};
  if (payload.empty()) return e;
  if (payload.size() == 1) return violation(close_code::protocol_error, "close payload of one byte");
  auto const at = [&](std::size_t i) { return static_cast<unsigned char>(payload[i]); };
  auto const code = static_cast<std::uint16_t>(at(0) << 8U | at(1));
  role const sender = role_ == role::server ? role::client : role::server;
  if (!is_valid_on_wire(code, sender)) return violation(close_code::protocol_error, "close code not for the wire");
  e.code = static_cast<close_code>(code);
  e.reason = text_of(payload.subspan(2));
  if (!is_utf8(e.reason)) return violation(close_code::invalid_utf8, "close reason is not UTF-8");
  return e;
}

// Unmasks the next part of the current data frame and, in text, checks it. False: bad UTF-8.
bool decoder::uncover(std::span<char> part, mask_key key, bool is_text) noexcept {
  while (!part.empty()) {
    auto const block = cut_front(part, std::min(part.size(), block_size));
    bool const ascii = role_ == role::server && apply_mask(block, key);
    if (is_text && !(ascii && utf8_.at_boundary()) && !utf8_.feed(text_of(block))) return false;
  }
  return true;
}

event decoder::violation(close_code code, std::string_view why) noexcept {
  phase_ = phase::finished;
  return {.what = event::kind::violation, .code = code, .reason = why};
}

}  // namespace gw::wire
