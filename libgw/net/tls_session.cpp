#include "net/tls_session.hpp"

#include <openssl/ssl.h>

namespace gw::net {

void tls_session::release::operator()(ssl_session_st* session) const noexcept {
  SSL_SESSION_free(session);
}

void tls_session::keep(ssl_session_st* offered) noexcept {
  session_.reset(SSL_SESSION_dup(offered));
}

}  // namespace gw::net
