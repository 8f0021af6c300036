// UTF-8 (RFC 3629) checked as it streams by: a text may be cut anywhere, also inside a code point.
// Used by the decoder and by whoever must not send a peer bad text. Allocates nothing.
#pragma once

#include <cstdint>
#include <string_view>

namespace gw::wire {

/// Checks one text, given in parts of any size.
class utf8_checker {
 public:
  /// Takes the next part. False: invalid, at the first byte that no valid text could have there (overlong forms,
  /// surrogates and code points above U+10FFFF included). After false every non-empty part is invalid, until reset().
  bool feed(std::string_view bytes) noexcept;

  /// The text may end here: no code point is incomplete.
  bool at_boundary() const noexcept { return needed_ == 0; }

  void reset() noexcept { *this = {}; }

 private:
  bool step(unsigned char byte) noexcept;
  void expect(std::uint8_t needed, std::uint8_t low, std::uint8_t high) noexcept;
  bool fail() noexcept;

  std::uint8_t needed_ = 0;  // bytes that the current code point still needs
  std::uint8_t low_ = 0;     // the next of them is in low_..high_
  std::uint8_t high_ = 0;
};

/// Is `bytes` a whole, valid text?
bool is_utf8(std::string_view bytes) noexcept;

}  // namespace gw::wire
