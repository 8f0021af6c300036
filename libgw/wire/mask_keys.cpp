#include "wire/mask_keys.hpp"

#include <cerrno>
#include <exception>
#include <span>

#include <sys/random.h>

namespace gw::wire {

mask_key mask_keys::next() noexcept {
  if (used_ == keys_.size()) refill();
  return keys_[used_++];
}

void mask_keys::refill() noexcept {
  std::span<std::byte> left = std::as_writable_bytes(std::span{keys_});
  while (!left.empty()) {
    ssize_t const got = ::getrandom(left.data(), left.size(), 0);
    if (got > 0) {
      left = left.subspan(static_cast<std::size_t>(got));
    } else if (errno != EINTR) {
      std::terminate();
    }
  }
  used_ = 0;
}

}  // namespace gw::wire
