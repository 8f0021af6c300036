// Two ends of a TLS connection in memory: both tls_engine, or one of them OpenSSL's own.
// Used by the tests of net/tls_context and net/tls_engine.
#pragma once

#include "net/tls_engine.hpp"
#include "testing/catch.hpp"
#include "testing/tls_identities.hpp"

#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gw::testing {

using net::tls_context, net::tls_engine, net::tls_status;
using tls_context_ptr = std::shared_ptr<tls_context const>;

inline constexpr auto tls_versions = std::to_array<std::pair<int, char const*>>({
    {TLS1_2_VERSION, "TLSv1.2"},
    {TLS1_3_VERSION, "TLSv1.3"},
});

/// A gateway, a client that trusts it, and somebody whom nobody trusts.
struct tls_cast {
  tls_identities files;
  identity gateway = files.make("gateway", "DNS:gateway.test,IP:127.0.0.1");
  identity stranger = files.make("stranger", "DNS:stranger.test");

  tls_context::server_options server_options() const { return {.cert_file = gateway.cert, .key_file = gateway.key}; }
  tls_context::client_options client_options() const { return {.ca_file = gateway.cert}; }
  tls_context_ptr server() const { return tls_context::server(server_options()).value(); }
  tls_context_ptr client() const { return tls_context::client(client_options()).value(); }
};

/// More than one call is ever offered.
inline constexpr std::size_t whole = 1 << 21;

inline std::string output_of(tls_engine& engine) {
  std::string out;
  std::array<char, 700> piece;
  while (engine.has_output()) out.append(piece.data(), engine.take_output(piece));
  return out;
}

struct tls_pair {
  tls_engine client, server;
  std::string to_client{}, to_server{};
  tls_status client_status = tls_status::want_input, server_status = tls_status::want_input;

  tls_pair(tls_context_ptr client_context, tls_context_ptr server_context, std::string_view host = "gateway.test")
      : client(std::move(client_context), false, host), server(std::move(server_context), true) {}
  explicit tls_pair(tls_cast const& cast, int version = TLS1_3_VERSION)
      : tls_pair(at_most(version, cast.client()), cast.server()) {}

  static tls_context_ptr at_most(int version, tls_context_ptr context) {
    SSL_CTX_set_max_proto_version(context->native(), version);
    return context;
  }

  void client_turn(std::size_t piece = whole) {
    turn(client, client_status, to_client, piece);
    to_server += output_of(client);
  }
  /// Leaves the output where it is.
  void server_turn(std::size_t piece = whole) { turn(server, server_status, to_server, piece); }

  /// Until the client has nothing more to say, `piece` bytes a call. Data behind the handshake stays in to_client.
  tls_pair& shake_hands(std::size_t piece = whole) {
    do {
      client_turn(piece);
      server_turn(piece);
      to_client += output_of(server);
    } while (client_status == tls_status::want_input && !to_client.empty());
    return *this;
  }

 private:
  static void turn(tls_engine& engine, tls_status& status, std::string& cipher, std::size_t piece) {
    while (status == tls_status::want_input) {
      std::span<char const> front = std::span<char const>(cipher).first(std::min(piece, cipher.size()));
      std::size_t const offered = front.size();
      status = engine.handshake(front);
      if (status == tls_status::want_input) CHECK(front.empty());
      cipher.erase(0, offered - front.size());
      if (cipher.empty()) break;
    }
  }
};

/// All of `plain`, `room` bytes of output a call.
inline std::string encrypt(tls_engine& engine, std::string_view plain, std::size_t room = whole) {
  std::string cipher;
  std::vector<char> out(room);
  do {
    std::size_t consumed = 0;
    std::size_t produced = 0;
    REQUIRE(engine.encrypt(plain, consumed, out, produced) == tls_status::ok);
    REQUIRE((produced > 0 || plain.empty()));
    cipher.append(out.data(), produced);
    plain.remove_prefix(consumed);
  } while (!plain.empty());
  return cipher;
}

struct tls_decrypted {
  std::string plain;
  tls_status status = tls_status::want_input;
};

/// All of `cipher`, `piece` bytes a call into `room` bytes, up to a close or a failure.
inline tls_decrypted decrypt(tls_engine& engine, std::string_view cipher, std::size_t piece = whole,
                             std::size_t room = whole) {
  tls_decrypted all;
  std::vector<char> plain(room);
  do {
    std::span<char const> front(cipher.substr(0, piece));
    std::size_t const offered = front.size();
    std::size_t written = 0;
    all.status = engine.decrypt(front, plain, written);
    all.plain.append(plain.data(), written);
    if (all.status == tls_status::want_input) CHECK(front.empty());
    if (all.status == tls_status::ok) CHECK(written == room);
    cipher.remove_prefix(offered - front.size());
  } while (all.status == tls_status::ok || (all.status == tls_status::want_input && !cipher.empty()));
  return all;
}

/// OpenSSL's own connection over memory, for what an engine never does by itself.
class plain_openssl {
 public:
  /// A client of exactly this version, which trusts everybody.
  explicit plain_openssl(int version) : plain_openssl(SSL_CTX_new(TLS_client_method())) {
    SSL_set_security_level(ssl(), 0);
    SSL_set_min_proto_version(ssl(), version);
    SSL_set_max_proto_version(ssl(), version);
    SSL_set_connect_state(ssl());
  }
  /// A server of TLS 1.2.
  explicit plain_openssl(tls_context_ptr const& server) : plain_openssl(server->native()) {
    SSL_CTX_up_ref(server->native());
    SSL_set_max_proto_version(ssl(), TLS1_2_VERSION);
    SSL_clear_options(ssl(), SSL_OP_NO_RENEGOTIATION);
    SSL_set_accept_state(ssl());
  }

  SSL* ssl() const { return ssl_.get(); }

  /// What it wants to have sent.
  std::string says() const {
    std::string out(BIO_ctrl_pending(SSL_get_wbio(ssl())), '\0');
    if (!out.empty()) BIO_read(SSL_get_wbio(ssl()), out.data(), static_cast<int>(out.size()));
    return out;
  }
  std::string writes(std::string_view plain) const {
    CHECK(SSL_write(ssl(), plain.data(), static_cast<int>(plain.size())) == static_cast<int>(plain.size()));
    return says();
  }
  std::string reads(std::string_view cipher) const {
    hears(cipher);
    std::array<char, 100> plain;
    int const size = SSL_read(ssl(), plain.data(), static_cast<int>(plain.size()));
    return {plain.data(), static_cast<std::size_t>(std::max(size, 0))};
  }
  /// Returns what the engine says to it in the end.
  tls_status shakes_hands_with(tls_engine& engine) const {
    auto status = tls_status::want_input;
    for (int turn = 0; turn < 4; ++turn) {
      SSL_do_handshake(ssl());
      std::string const said = says();
      std::span<char const> cipher(said);
      status = engine.handshake(cipher);
      hears(output_of(engine));
    }
    return status;
  }

 private:
  explicit plain_openssl(SSL_CTX* context) : context_(context), ssl_(SSL_new(context)) {
    SSL_set_bio(ssl(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  }
  void hears(std::string_view cipher) const {
    BIO_write(SSL_get_rbio(ssl()), cipher.data(), static_cast<int>(cipher.size()));
  }

  std::unique_ptr<SSL_CTX, freed_by<SSL_CTX_free>> context_;
  std::unique_ptr<SSL, freed_by<SSL_free>> ssl_;
};

}  // namespace gw::testing
