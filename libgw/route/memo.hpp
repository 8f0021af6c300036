// Remembers what the latest routing keys led to: clients repeat themselves, and comparing a key costs a tenth of
// judging it. Used by the table for keys that were routed; nothing refused is ever remembered.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace gw::route {

class memo {
 public:
  std::optional<std::uint32_t> find(std::string_view key) const noexcept {
    if (!fits(key)) return std::nullopt;
    auto const& e = entries_[slot_of(key)];
    if (e.size != key.size() || std::memcmp(e.text.data(), key.data(), key.size()) != 0) return std::nullopt;
    return e.service;
  }

  void remember(std::string_view key, std::uint32_t service) noexcept {
    if (!fits(key)) return;
    auto& e = entries_[slot_of(key)];
    std::memcpy(e.text.data(), key.data(), key.size());
    e.size = static_cast<std::uint8_t>(key.size());
    e.service = service;
  }

 private:
  static constexpr std::size_t slots = 64;
  struct entry {
    std::uint32_t service = 0;
    std::uint8_t size = 0;
    std::array<char, 59> text;  // one cache line in all
  };

  static bool fits(std::string_view key) noexcept { return key.size() >= 8 && key.size() <= sizeof(entry::text); }

  /// From the middle and the end of the key, where paths differ.
  static std::size_t slot_of(std::string_view key) noexcept {
    std::uint64_t middle = 0;
    std::uint64_t last = 0;
    std::memcpy(&middle, key.data() + key.size() / 2 - 4, sizeof middle);
    std::memcpy(&last, key.data() + key.size() - 8, sizeof last);
    return static_cast<std::size_t>(((middle ^ (last << 1U)) * 0x9e3779b97f4a7c15U) >> 58U);
  }

  std::array<entry, slots> entries_{};
};

}  // namespace gw::route
