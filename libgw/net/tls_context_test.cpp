#include "net/tls_context.hpp"

#include "testing/catch.hpp"
#include "testing/tls_pair.hpp"

#include <openssl/ssl.h>

#include <fstream>
#include <span>
#include <string>
#include <string_view>

using namespace gw::testing;

TEST_CASE("a client accepts only the certificate of the host it dialled, from a CA it trusts") {
  tls_cast const cast;
  auto const check = [&](tls_context::client_options const& options, std::string_view host, std::string_view failure) {
    CAPTURE(host);
    tls_pair p(tls_context::client(options).value(), cast.server(), host);
    p.shake_hands();
    CHECK(p.client.failure() == failure);
    CHECK(p.client.established() == failure.empty());
    CHECK(p.server.established() == failure.empty());
  };
  check(cast.client_options(), "gateway.test", "");
  check(cast.client_options(), "GATEWAY.test", "");
  check(cast.client_options(), "127.0.0.1", "");
  check(cast.client_options(), "gateway.tes", "certificate verify failed: hostname mismatch");
  check(cast.client_options(), "www.gateway.test", "certificate verify failed: hostname mismatch");
  check(cast.client_options(), "127.0.0.2", "certificate verify failed: IP address mismatch");
  check({.ca_file = cast.stranger.cert}, "gateway.test", "certificate verify failed: self-signed certificate");
  check({}, "gateway.test", "certificate verify failed: self-signed certificate");
  check({.verify = false}, "elsewhere.test", "");
  check({.verify = false}, "", "");

  tls_engine nameless(cast.client(), false);
  std::span<char const> nothing;
  CHECK(nameless.handshake(nothing) == tls_status::failed);
  CHECK(nameless.failure() == "no host name to verify the certificate against");
}

TEST_CASE("a client tells the server the name it dialled, but never an address") {
  tls_cast const cast;
  auto const check = [&](std::string_view host, std::string_view told) {
    CAPTURE(host);
    tls_engine client(cast.client(), false, host);
    plain_openssl const server(cast.server());
    REQUIRE(server.shakes_hands_with(client) == tls_status::ok);
    char const* const name = SSL_get_servername(server.ssl(), TLSEXT_NAMETYPE_host_name);
    CHECK((name == nullptr ? "" : std::string_view(name)) == told);
  };
  check("gateway.test", "gateway.test");
  check("127.0.0.1", "");
}

TEST_CASE("mutual TLS accepts the clients of its CA and refuses all others") {
  tls_cast const cast;
  identity const friendly = cast.files.make("friend", "DNS:friend.test");
  tls_context::server_options demanding = cast.server_options();
  demanding.client_ca_file = friendly.cert;
  auto const check = [&](identity const& shown, int version, std::string_view failure) {
    CAPTURE(shown.cert, version);
    tls_context::client_options options = cast.client_options();
    options.cert_file = shown.cert;
    options.key_file = shown.key;
    tls_pair p(tls_pair::at_most(version, tls_context::client(options).value()),
               tls_context::server(demanding).value());
    p.shake_hands();
    CHECK(p.server.failure() == failure);
    CHECK(p.server.established() == failure.empty());
    if (failure.empty()) CHECK(decrypt(p.server, encrypt(p.client, "hello")).plain == "hello");
  };
  for (auto const& [version, name] : tls_versions) {
    check(friendly, version, "");
    check(cast.stranger, version, "certificate verify failed: self-signed certificate");
    check({}, version, "peer did not return a certificate");
  }
}

TEST_CASE("a server has the least version it was told, and never one before 1.2") {
  tls_cast const cast;
  auto const check = [&](std::string const& least, int version, bool accepted) {
    CAPTURE(least, version);
    tls_context::server_options options = cast.server_options();
    options.min_version = least;
    tls_engine server(tls_context::server(options).value(), true);
    CHECK(plain_openssl(version).shakes_hands_with(server) == (accepted ? tls_status::ok : tls_status::failed));
  };
  check("1.2", TLS1_1_VERSION, false);
  check("1.2", TLS1_2_VERSION, true);
  check("1.2", TLS1_3_VERSION, true);
  check("1.3", TLS1_2_VERSION, false);
  check("1.3", TLS1_3_VERSION, true);
}

TEST_CASE("a client that speaks another protocol only is refused, one that names none is not") {
  tls_cast const cast;
  auto const check = [&](std::string const& offered, std::string_view agreed, tls_status expected) {
    CAPTURE(offered);
    tls_engine server(cast.server(), true);
    plain_openssl const client(TLS1_3_VERSION);
    SSL_set_alpn_protos(client.ssl(), reinterpret_cast<unsigned char const*>(offered.data()),
                        static_cast<unsigned>(offered.size()));
    CHECK(client.shakes_hands_with(server) == expected);
    CHECK(server.protocol() == agreed);
  };
  check("", "", tls_status::ok);
  check("\x02h2\x08http/1.1", "http/1.1", tls_status::ok);
  check("\x02h2", "", tls_status::failed);
}

TEST_CASE("a context that cannot be made says which file is to blame, and why") {
  tls_cast const cast;
  std::string const nonsense = cast.files.path("nonsense");
  std::ofstream(nonsense) << "not PEM";
  std::string const absent = cast.files.path("absent");
  auto const check = [](auto const& made, std::string const& what, std::string const& why) {
    REQUIRE(made.has_error());
    CHECK(made.error().code == gw::errc::bad_config);
    CHECK(made.error().context == what + ": " + why);
  };
  auto const server = [](std::string const& cert, std::string const& key, std::string const& ca = {}) {
    return tls_context::server({.cert_file = cert, .key_file = key, .client_ca_file = ca});
  };
  std::string const no_file = "No such file or directory";
  check(server(absent, cast.gateway.key), "cannot use the TLS certificate '" + absent + "'", no_file);
  check(server(nonsense, cast.gateway.key), "cannot use the TLS certificate '" + nonsense + "'", "no start line");
  check(server(cast.gateway.cert, absent), "cannot use the TLS key '" + absent + "'", no_file);
  check(server(cast.gateway.cert, cast.stranger.key), "cannot use the TLS key '" + cast.stranger.key + "'",
        "key values mismatch");
  check(server(cast.gateway.cert, cast.gateway.key, absent), "cannot use the client CA '" + absent + "'", no_file);
  check(tls_context::client({.ca_file = absent}), "cannot use the CA '" + absent + "'", no_file);
  CHECK(tls_context::server({cast.gateway.cert, cast.gateway.key, "1.1"}).error().context ==
        "TLS version '1.1' is not known; write 1.2 or 1.3");
}
