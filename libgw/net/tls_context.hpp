// What all TLS connections of a listener or of a service share: certificate, trust, versions (OpenSSL's SSL_CTX).
// Made by whoever reads the configuration and swapped as a whole on reload; used by tls_engine.
// Must not know sockets, nor the connections made from it.
#pragma once

#include "core/error.hpp"

#include <memory>
#include <string>
#include <utility>

struct ssl_ctx_st;
struct x509_st;

namespace gw::net {

/// Never changes once made, so that one may serve all workers at the same time. An engine keeps its context alive:
/// connections made before a reload end with the certificate and the trust that they began with.
///
/// Either side: TLS 1.2 or newer, no renegotiation, no compression, ALPN `http/1.1` only, no session cache: a
/// server resumes by stateless tickets of its own (never those of another context), a client by the tls_session that
/// its engine is given.
class tls_context {
 public:
  struct server_options {
    std::string cert_file;            ///< PEM: the certificate, then the chain up to a root
    std::string key_file;             ///< PEM, without a passphrase
    std::string min_version = "1.2";  ///< "1.2" or "1.3"
    std::string client_ca_file = {};  ///< PEM; set = a client must show a certificate issued by one of these
  };
  struct client_options {
    bool verify = true;          ///< the server's chain and its host name
    std::string ca_file = {};    ///< PEM; empty = the system's store
    std::string cert_file = {};  ///< PEM, with `key_file`: shown to servers that ask for a certificate; empty = none
    std::string key_file = {};
  };

  /// Reads the files now. Errors are `bad_config` and name the file.
  static result<std::shared_ptr<tls_context const>> server(server_options const& options);
  static result<std::shared_ptr<tls_context const>> client(client_options const& options);

  /// For tls_engine. OpenSSL takes it non-const, to count its references.
  ssl_ctx_st* native() const noexcept { return context_.get(); }

 private:
  struct release {
    void operator()(ssl_ctx_st* context) const noexcept;
  };
  using handle = std::unique_ptr<ssl_ctx_st, release>;

  explicit tls_context(handle context) noexcept : context_(std::move(context)) {}
  static handle make(bool server);

  handle context_;
};

/// An entry of OpenSSL's error queue in its words.
std::string tls_error_words(unsigned long code);

/// See tls_engine::peer_name().
std::string tls_name_in(x509_st* certificate);

}  // namespace gw::net
