// Messages of permessage-deflate without context takeover (RFC 7692): each one is inflated or deflated by itself, so
// one inflater and one deflater serve all connections of a thread, and an idle connection costs nothing. Used by
// sessions and the client tool. What was agreed on stands in wire/deflate_offer; knows no sockets and no routing.
#pragma once

#include "wire/decoder.hpp"
#include "wire/frame.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

struct z_stream_s;  // zlib's

namespace gw::wire {

/// Below this a gateway compresses nothing: it leaves in one TCP segment either way, and zlib costs more than the
/// bytes.
inline constexpr std::size_t worth_deflating = 1'024;

/// May a deflated message of `size` bytes go to a peer that keeps 2^bits bytes of it? Nothing in it looks back further
/// than to its beginning, so one deflater serves every window.
constexpr bool fits_window(std::size_t size, unsigned bits) noexcept {
  return bits >= 15 || size <= std::size_t{1} << bits;
}

/// Bytes that grow where they lie, with room for a frame's header before them. Nothing is initialised.
class inflated_bytes {
 public:
  /// Makes room for `size` bytes; what is there stays. False: no memory.
  bool reserve(std::size_t size) noexcept;
  std::size_t capacity() const noexcept { return capacity_; }
  char* data() const noexcept { return memory_.get() + max_header_size; }
  /// Gives back what an unusually large message took.
  void rest() noexcept;

 private:
  struct freed {
    void operator()(char* memory) const noexcept;
  };
  std::unique_ptr<char[], freed> memory_;
  std::size_t capacity_ = 0;
};

/// Owns no memory until its first message.
class inflater {
 public:
  /// What a decoder in the same role makes of the messages of its peer.
  explicit inflater(role we_are) noexcept;
  ~inflater();
  inflater(inflater const&) = delete;
  inflater& operator=(inflater const&) = delete;

  /// The whole payload of a compressed message, joined from its frames. Gives the event `message` that a decoder would
  /// give of the uncompressed one, with room for a header before its payload, valid until the next call; or a
  /// `violation`: 1009 as soon as it comes to more than `max_message` bytes (0 = no limit), 1007 if it is no DEFLATE
  /// data, ends inside a block, or is a text without UTF-8. Never holds more than the limit and a constant.
  event inflate(opcode op, std::span<char const> payload, std::uint64_t max_message) noexcept;

  /// The last event is done with: gives back what a large message took.
  void rest() noexcept { bytes_.rest(); }

 private:
  enum class outcome : std::uint8_t { more, complete, corrupt, too_big, no_memory };

  bool begin() noexcept;
  outcome feed(std::string_view part, std::uint64_t limit) noexcept;
  outcome run(std::uint64_t limit) noexcept;
  bool make_room(std::uint64_t limit) noexcept;
  event finished(opcode op) noexcept;

  struct closed {
    void operator()(z_stream_s* stream) const noexcept;
  };
  std::unique_ptr<z_stream_s, closed> stream_;
  inflated_bytes bytes_;
  std::size_t size_ = 0;  // inflated so far
  role role_;
};

/// Owns no memory until its first message.
class deflater {
 public:
  deflater() noexcept;
  ~deflater();
  deflater(deflater const&) = delete;
  deflater& operator=(deflater const&) = delete;

  /// `payload` as one compressed frame (RSV1), masked if there is a key; valid until the next call. Empty: it would not
  /// be smaller, or there is no memory for it.
  std::string_view deflate(opcode op, std::string_view payload, mask_key const* key) noexcept;

  /// The last frame is done with: gives back what a large message took.
  void rest() noexcept { bytes_.rest(); }

 private:
  struct closed {
    void operator()(z_stream_s* stream) const noexcept;
  };
  std::unique_ptr<z_stream_s, closed> stream_;
  inflated_bytes bytes_;
};

}  // namespace gw::wire
