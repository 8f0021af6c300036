// What a TLS client keeps of a server to make the next handshake shorter. Kept by whoever dials the same server again,
// filled by tls_engine. Must not know where it belongs.
#pragma once

#include <memory>

struct ssl_session_st;
struct ssl_st;

namespace gw::net {

/// The latest session that one server offered (a ticket of RFC 8446 section 4.6.1 or RFC 5077). One thread.
/// To be used with one context and one host name only: a resumed handshake shows no certificate, so it inherits the
/// verdict of the first one.
class tls_session {
 public:
  /// From now on this one. Without memory for it, none.
  void keep(ssl_session_st* offered) noexcept;

  /// Asks the server to go on with the one that is kept, if there is one, in the handshake that `in` begins.
  void offer(ssl_st* in) const noexcept;

 private:
  struct release {
    void operator()(ssl_session_st* session) const noexcept;
  };
  using handle = std::unique_ptr<ssl_session_st, release>;

  // Shared with no connection, hence copies: one that breaks off spoils its session for all who hold it.
  handle session_;
};

}  // namespace gw::net
