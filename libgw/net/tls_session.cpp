#include "net/tls_session.hpp"

#include <openssl/ssl.h>

namespace gw::net {

void tls_session::release::operator()(ssl_session_st* session) const noexcept {
  SSL_SESSION_free(session);
}

void tls_session::keep(ssl_session_st* offered) noexcept {
  session_.reset(SSL_SESSION_dup(offered));
}

void tls_session::offer(ssl_st* in) const noexcept {
  if (!session_) return;
  handle const copy(SSL_SESSION_dup(session_.get()));
  if (copy) SSL_set_session(in, copy.get());
}

}  // namespace gw::net
