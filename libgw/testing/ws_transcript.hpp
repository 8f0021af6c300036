// What a decoder says, as lines of text that do not depend on how its input was cut: parts of a message are joined,
// so a whole `message` and its pieces read alike. Also checks what every event promises (wire/decoder.hpp).
// Used by the decoder's tests and fuzz targets.
#pragma once

#include "wire/decoder.hpp"

#include <fmt/core.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gw::testing {

class ws_transcript {
 public:
  /// Takes the next event of the decoder `of`.
  void add(wire::decoder const& of, wire::event const& e) {
    using kind = wire::event::kind;
    std::string_view const payload{e.payload.data(), e.payload.size()};
    switch (e.what) {
      case kind::none:
        break;
      case kind::message:
        expect(!open_, "a message inside a message");
        expect(header_stands_before(e), "a message without its header before it");
        say(e.op, payload, e.compressed);
        break;
      case kind::piece:
        expect(e.first != open_, "a piece that begins what was begun, or goes on with nothing");
        expect(e.first || (e.op == op_ && e.compressed == compressed_), "a piece of another kind");
        expect(e.last || !payload.empty(), "an empty piece");
        expect(e.last != of.inside_message(), "an end that the decoder does not know of");
        op_ = e.op;
        compressed_ = e.compressed;
        text_ += payload;
        open_ = !e.last;
        if (e.last) say(e.op, std::exchange(text_, {}), e.compressed);
        break;
      case kind::control:
        if (e.op == wire::opcode::close) {
          lines_.push_back(fmt::format("close {}{}{}", number(e.code), e.reason.empty() ? "" : " ", e.reason));
        } else {
          say(e.op, payload);
        }
        break;
      case kind::violation:
        expect(!e.reason.empty(), "a violation without a reason");
        lines_.push_back(fmt::format("violation {}", number(e.code)));
        open_ = false;  // how much of the message was handed out before depends on the cuts
        break;
    }
  }

  /// Call once after the last event.
  std::vector<std::string> finish() {
    if (open_) lines_.push_back(fmt::format("unfinished {} {}", name(op_), text_));
    return lines_;
  }

  bool violated() const { return !lines_.empty() && lines_.back().starts_with("violation"); }

 private:
  static unsigned number(wire::close_code code) { return static_cast<unsigned>(code); }

  static std::string_view name(wire::opcode op) {
    switch (op) {
      case wire::opcode::text:
        return "text";
      case wire::opcode::binary:
        return "binary";
      case wire::opcode::ping:
        return "ping";
      case wire::opcode::pong:
        return "pong";
      default:
        return "unexpected opcode";
    }
  }

  static bool header_stands_before(wire::event const& e) {
    std::span<char const> const header{e.payload.data() - e.header_size, e.header_size};
    wire::frame_header h;
    return wire::parse_header(header, h) && h.size == e.header_size && h.minimal && h.fin && h.op == e.op &&
           h.length == e.payload.size();
  }

  void say(wire::opcode op, std::string_view payload, bool compressed = false) {
    lines_.push_back(
        fmt::format("{}{}{}{}", compressed ? "compressed " : "", name(op), payload.empty() ? "" : " ", payload));
  }

  void expect(bool holds, char const* otherwise) {
    if (!holds) lines_.push_back(fmt::format("BROKEN PROMISE: {}", otherwise));
  }

  std::vector<std::string> lines_;
  std::string text_;
  wire::opcode op_ = wire::opcode::text;
  bool open_ = false;
  bool compressed_ = false;
};

/// Gives `bytes` to `d` as one input and adds all it says.
inline void decode(wire::decoder& d, std::span<char> bytes, ws_transcript& to) {
  for (;;) {
    wire::event const e = d.next(bytes);
    if (e.what == wire::event::kind::none) break;
    to.add(d, e);
  }
}

/// The transcript of `bytes` decoded in parts that end at each of `cuts` (ascending) and at the end. Every part has
/// memory of its own, so that a sanitizer sees whoever reads past it. `compressed`: permessage-deflate was agreed on.
inline std::vector<std::string> decode_cut(wire::role we_are, std::uint64_t max_message, std::string_view bytes,
                                           std::vector<std::size_t> const& cuts, bool compressed = false) {
  wire::decoder d(we_are, max_message);
  if (compressed) d.accept_compressed();
  ws_transcript heard;
  std::size_t begin = 0;
  auto const give = [&](std::size_t end) {
    std::vector<char> part(bytes.begin() + static_cast<std::ptrdiff_t>(begin),
                           bytes.begin() + static_cast<std::ptrdiff_t>(end));
    decode(d, part, heard);
    begin = end;
  };
  for (std::size_t const cut : cuts) give(cut);
  give(bytes.size());
  return heard.finish();
}

}  // namespace gw::testing
