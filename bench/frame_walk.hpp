// Follows the frames of a WebSocket's stream by their lengths alone. Used by gw_relay, which divides them.
#pragma once

#include "wire/frame.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

class frame_walk {
 public:
  /// How many bytes at the front of `stream` belong to the frame under way; all of them if it does not end there.
  std::size_t take(std::string_view stream) {
    std::size_t used = 0;
    if (remaining_ == 0) {
      auto const n = std::min(stream.size(), header_.size() - held_);
      std::copy_n(stream.data(), n, header_.data() + held_);
      gw::wire::frame_header h;
      if (!gw::wire::parse_header(std::span(header_).first(held_ + n), h)) {
        held_ += n;
        return n;
      }
      used = h.size - std::exchange(held_, 0);
      remaining_ = h.length;
    }
    auto const n = std::min<std::uint64_t>(remaining_, stream.size() - used);
    remaining_ -= n;
    return used + n;
  }

  bool at_boundary() const { return remaining_ == 0 && held_ == 0; }

 private:
  std::uint64_t remaining_ = 0;  // payload bytes still to come
  std::size_t held_ = 0;         // header bytes that came
  std::array<char, gw::wire::max_header_size> header_{};
};
