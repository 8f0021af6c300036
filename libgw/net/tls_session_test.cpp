#include "net/tls_session.hpp"

#include "testing/catch.hpp"
#include "testing/tls_pair.hpp"

using namespace gw::testing;
using gw::net::tls_session;

namespace {

/// A handshake and the first data, behind which a server of TLS 1.3 has sent its tickets. Was it resumed?
bool resumes(tls_context_ptr const& client_context, tls_context_ptr const& server_context,
             std::shared_ptr<tls_session> const& session) {
  tls_engine client(client_context, false, "gateway.test", session);
  tls_engine server(server_context, true);
  std::string to_client;
  std::span<char const> input;
  CHECK(client.handshake(input) == tls_status::want_input);
  for (int turn = 0; turn < 3 && !(client.established() && server.established()); ++turn) {
    std::string const to_server = output_of(client);
    input = to_server;
    CHECK(server.handshake(input) != tls_status::failed);
    to_client = output_of(server);
    input = to_client;
    CHECK(client.handshake(input) != tls_status::failed);
    to_client.assign(input.data(), input.size());
  }
  REQUIRE(client.established());
  REQUIRE(server.established());
  CHECK(decrypt(client, to_client + encrypt(server, "hello")).plain == "hello");
  CHECK(client.resumed() == server.resumed());
  return client.resumed();
}

}  // namespace

TEST_CASE("a client goes on with the session that it kept, as often as it likes") {
  tls_cast const cast;
  for (auto const& [version, name] : tls_versions) {
    CAPTURE(name);
    auto const client = tls_pair::at_most(version, cast.client());
    auto const server = cast.server();
    auto const kept = std::make_shared<tls_session>();
    CHECK_FALSE(resumes(client, server, kept));
    CHECK(resumes(client, server, kept));
    CHECK(resumes(client, server, kept));
    CHECK_FALSE(resumes(client, server, std::make_shared<tls_session>()));
    CHECK_FALSE(resumes(client, server, nullptr));
  }
}

TEST_CASE("a server does not know the sessions of another context, even one with the same certificate") {
  tls_cast const cast;
  auto const kept = std::make_shared<tls_session>();
  auto const client = cast.client();
  CHECK_FALSE(resumes(client, cast.server(), kept));
  CHECK_FALSE(resumes(client, cast.server(), kept));
}

TEST_CASE("a client is who its verified certificate names, also when it resumes its session") {
  tls_cast const cast;
  auto const check = [&](identity const& shown, std::string const& name) {
    CAPTURE(shown.cert);
    auto options = cast.client_options();
    options.cert_file = shown.cert;
    options.key_file = shown.key;
    auto demanding = cast.server_options();
    demanding.client_ca_file = shown.cert;
    auto const server = tls_context::server(demanding).value();
    auto const kept = std::make_shared<tls_session>();
    auto const client = tls_context::client(options).value();
    tls_pair p(client, server);
    p.shake_hands();
    CHECK(p.server.peer_name() == name);
    CHECK_FALSE(resumes(client, server, kept));
    tls_engine again(client, false, "gateway.test", kept);
    tls_engine side(server, true);
    CHECK(side.peer_name().empty());
    std::span<char const> input;
    for (int turn = 0; turn < 3; ++turn) {
      again.handshake(input);
      std::string const hello = output_of(again);
      input = hello;
      side.handshake(input);
      std::string const answer = output_of(side);
      input = answer;
      again.handshake(input);
      input = {};
    }
    CHECK(side.resumed());
    CHECK(side.peer_name() == name);
  };
  auto const make = [&](char const* others, std::vector<std::string> const& names) {
    return cast.files.make("client", others, names);
  };
  check(make("DNS:a.test", {"alice"}), "alice");
  check(make("DNS:a.test", {"people", "alice"}), "alice");
  check(make("DNS:a.test", {"J\xc3\xbcrgen"}), "J\xc3\xbcrgen");
  check(make("IP:10.0.0.1,DNS:a.test,email:a@a.test", {}), "a.test");
  check(make("email:a@a.test,DNS:a.test", {}), "a@a.test");
  check(make("DNS:a.test", {"al\nice"}), "a.test");
  check(make("IP:10.0.0.1", {"al\nice"}), "");
}

TEST_CASE("a client that was not asked for a certificate, or not verified, is nobody") {
  tls_cast const cast;
  tls_pair p(cast);
  p.shake_hands();
  CHECK(p.server.peer_name().empty());
  CHECK(p.client.peer_name() == "gateway");
  tls_pair careless(tls_context::client({.verify = false}).value(), cast.server());
  careless.shake_hands();
  CHECK(careless.client.established());
  CHECK(careless.client.peer_name().empty());
}

TEST_CASE("a server knows the name that the client asked for") {
  tls_cast const cast;
  auto const check = [&](std::string_view host) {
    tls_pair p(cast.client(), cast.server(), host);
    p.shake_hands();
    return std::string(p.server.server_name());
  };
  CHECK(check("gateway.test") == "gateway.test");
  CHECK(check("127.0.0.1") == "");
}

TEST_CASE("a server tells a plain HTTP request from other nonsense, and says nothing to it") {
  tls_cast const cast;
  auto const check = [&](std::string const& said, bool http) {
    CAPTURE(said);
    tls_engine server(cast.server(), true);
    std::span<char const> input(said);
    CHECK(server.handshake(input) == tls_status::failed);
    CHECK(server.heard_plain_http() == http);
    CHECK_FALSE(server.has_output());
  };
  check("GET / HTTP/1.1\r\n\r\n", true);
  check("POST / HTTP/1.1\r\n\r\n", true);
  check("HEAD / HTTP/1.1\r\n\r\n", true);
  check("nonsense that is no request\r\n\r\n", false);
}
