// The WebSocket frame on the wire (RFC 6455 section 5.2): its header, read and written without any I/O.
// Used by the decoder, the relay and the tools. Knows nothing of sockets, messages or queues.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace gw::wire {

enum class opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

constexpr bool is_control(opcode op) noexcept {
  return (static_cast<unsigned>(op) & 8U) != 0;
}

/// Which side of the WebSocket *we* are. A server reads masked frames and writes unmasked ones; a client the reverse.
enum class role : std::uint8_t { server, client };

/// Four bytes in wire order, as they lie in memory.
using mask_key = std::array<unsigned char, 4>;

// The first two bytes of a header. The seven bits of length: up to 125 they are it, these two announce a longer form.
inline constexpr unsigned fin_bit = 0x80;
inline constexpr unsigned mask_bit = 0x80;
inline constexpr unsigned form_16 = 126;
inline constexpr unsigned form_64 = 127;

inline constexpr std::size_t max_header_size = 14;
inline constexpr std::size_t max_control_payload = 125;

struct frame_header {
  bool fin = true;
  std::uint8_t reserved = 0;  // RSV1..3 as the bits 4, 2, 1
  opcode op = opcode::text;   // may hold an undefined opcode after parsing
  bool masked = false;
  std::uint8_t size = 0;     // bytes of this header
  mask_key key{};            // meaningful if masked
  std::uint64_t length = 0;  // payload bytes announced
  bool minimal = true;       // false: a longer length form than needed was used
};

/// Reads the header at the front of `bytes`. Returns false if more bytes are needed to tell.
/// Judges nothing: the decoder does.
bool parse_header(std::span<char const> bytes, frame_header& out) noexcept;

/// Bytes that a header for `length` payload bytes takes.
std::size_t header_size(std::uint64_t length, bool masked) noexcept;

/// Writes `h` (size and minimal are ignored; the shortest form is written) to `to`, which has room for
/// max_header_size bytes. Returns the bytes written.
std::size_t write_header(frame_header const& h, char* to) noexcept;

/// A whole frame as bytes, for handshakes, tests and control frames (not for the data path).
/// `key` null: unmasked.
std::string make_frame(opcode op, std::string_view payload, mask_key const* key, bool fin = true);

}  // namespace gw::wire
