#include "wire/mask_keys.hpp"

#include <openssl/evp.h>

#include <cerrno>
#include <exception>
#include <new>
#include <span>
#include <stdexcept>

#include <sys/random.h>

namespace gw::wire {
namespace {

void fill_from_kernel(std::span<unsigned char> left) noexcept {
  while (!left.empty()) {
    auto const got = ::getrandom(left.data(), left.size(), 0);
    if (got > 0) {
      left = left.subspan(static_cast<std::size_t>(got));
    } else if (errno != EINTR) {
      std::terminate();
    }
  }
}

}  // namespace

struct mask_keys::cipher {
  cipher() : context(EVP_CIPHER_CTX_new()) {
    if (context == nullptr) throw std::bad_alloc();
    if (EVP_EncryptInit_ex(context, EVP_chacha20(), nullptr, nullptr, nullptr) == 1) return;
    EVP_CIPHER_CTX_free(context);
    throw std::runtime_error("OpenSSL has no ChaCha20, which masks are made of");
  }
  ~cipher() { EVP_CIPHER_CTX_free(context); }
  cipher(cipher const&) = delete;
  cipher& operator=(cipher const&) = delete;

  EVP_CIPHER_CTX* const context;
};

mask_keys::mask_keys() : cipher_(std::make_unique<cipher>()) {
  fill_from_kernel(drawn_.next_cipher_key);
}

mask_keys::~mask_keys() = default;

void mask_keys::refill() noexcept {
  // No key is used for two draws, so the counter and nonce of each may begin at nought.
  static constexpr std::array<unsigned char, 16> beginning{};
  auto const key = drawn_.next_cipher_key;
  drawn_ = {};  // the keystream itself is what is wanted
  auto* const bytes = reinterpret_cast<unsigned char*>(&drawn_);
  int written = 0;
  bool const drawn = EVP_EncryptInit_ex(cipher_->context, nullptr, nullptr, key.data(), beginning.data()) == 1 &&
                     EVP_EncryptUpdate(cipher_->context, bytes, &written, bytes, sizeof drawn_) == 1;
  if (!drawn) std::terminate();
  used_ = 0;
}

}  // namespace gw::wire
