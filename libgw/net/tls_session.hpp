// What a TLS client keeps of a server to make the next handshake shorter. Kept by whoever dials the same server again,
// filled by tls_engine. Must not know where it belongs.
#pragma once

#include <memory>

struct ssl_session_st;

namespace gw::net {

/// The latest session that one server offered (a ticket of RFC 8446 section 4.6.1 or RFC 5077). One thread.
/// To be used with one context and one host name only: a resumed handshake shows no certificate, so it inherits the
/// verdict of the first one.
class tls_session {
 public:
  /// Keeps a copy: a connection that breaks off spoils its own session. Without memory for one, nothing is kept.
  void keep(ssl_session_st* offered) noexcept;

  /// Null: none yet. For tls_engine.
  ssl_session_st* native() const noexcept { return session_.get(); }

 private:
  struct release {
    void operator()(ssl_session_st* session) const noexcept;
  };
  std::unique_ptr<ssl_session_st, release> session_;
};

}  // namespace gw::net
