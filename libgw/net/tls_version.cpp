#include "net/tls_version.hpp"

#include <openssl/crypto.h>

namespace gw::net {

std::string_view tls_version() noexcept {
  return ::OpenSSL_version(OPENSSL_VERSION);
}

}  // namespace gw::net
