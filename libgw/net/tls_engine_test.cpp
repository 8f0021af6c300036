#include "net/tls_engine.hpp"

#include "testing/catch.hpp"
#include "testing/tls_pair.hpp"

#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace gw::testing;

namespace {

std::string noise(std::size_t size) {
  std::string bytes(size, '\0');
  std::uint32_t state = 1;
  for (char& c : bytes) {
    state = state * 1664525U + 1013904223U;
    c = static_cast<char>(state >> 24U);
  }
  return bytes;
}

}  // namespace

TEST_CASE("TLS 1.2 and 1.3 are spoken, and a handshake may be cut at every byte") {
  tls_cast const cast;
  for (auto const& [version, name] : tls_versions) {
    for (std::size_t const piece : {whole, std::size_t{1}, std::size_t{2}, std::size_t{7}}) {
      CAPTURE(name, piece);
      tls_pair p(cast, version);
      p.shake_hands(piece);
      REQUIRE((p.client.established() && p.server.established()));
      CHECK(p.client.version() == name);
      CHECK(p.server.version() == name);
      CHECK(p.client.protocol() == "http/1.1");
      CHECK(p.server.protocol() == "http/1.1");
      CHECK(decrypt(p.server, encrypt(p.client, "question")).plain == "question");
      CHECK(decrypt(p.client, p.to_client + encrypt(p.server, "answer")).plain == "answer");
    }
  }
}

TEST_CASE("a record may be cut at every byte") {
  tls_cast const cast;
  for (auto const& [version, name] : tls_versions) {
    tls_pair p(cast, version);
    p.shake_hands();
    for (std::size_t cut = 0;; ++cut) {
      CAPTURE(name, cut);
      std::string const cipher = encrypt(p.client, "0123456789");
      if (cut > cipher.size()) break;
      auto const early = decrypt(p.server, cipher.substr(0, cut));
      CHECK(early.status == tls_status::want_input);
      CHECK(early.plain == (cut == cipher.size() ? "0123456789" : ""));
      CHECK(early.plain + decrypt(p.server, cipher.substr(cut)).plain == "0123456789");
    }
  }
}

TEST_CASE("a megabyte passes both ways in odd pieces and through odd room") {
  tls_cast const cast;
  std::string const data = noise(1 << 20);
  for (auto const& [version, name] : tls_versions) {
    tls_pair p(cast, version);
    p.shake_hands();
    decrypt(p.client, p.to_client);
    for (auto const& [piece, room, output_room] :
         std::to_array<std::array<std::size_t, 3>>({{whole, whole, whole},
                                                    {16381, 4099, 20011},
                                                    {1009, 65537, 16 * 1024},
                                                    {100003, 509, tls_engine::max_record_overhead + 331}})) {
      CAPTURE(name, piece, room, output_room);
      CHECK((decrypt(p.server, encrypt(p.client, data, output_room), piece, room).plain == data));
      CHECK((decrypt(p.client, encrypt(p.server, data, output_room), piece, room).plain == data));
    }
  }
}

TEST_CASE("records are full, and the promised overhead is kept") {
  tls_cast const cast;
  for (auto const& [version, name] : tls_versions) {
    CAPTURE(name);
    tls_pair p(cast, version);
    p.shake_hands();
    std::size_t const one = encrypt(p.client, noise(tls_engine::max_plaintext)).size();
    CHECK(one > tls_engine::max_plaintext);
    CHECK(one <= tls_engine::max_plaintext + tls_engine::max_record_overhead);
    CHECK(encrypt(p.client, noise(8 * tls_engine::max_plaintext)).size() == 8 * one);

    std::array<char, tls_engine::max_record_overhead + 1> out;
    std::size_t consumed = 7;
    std::size_t produced = 7;
    CHECK(p.client.encrypt(std::string(9, 'x'), consumed, std::span(out).first(out.size() - 1), produced) ==
          tls_status::ok);
    CHECK(std::pair(consumed, produced) == std::pair<std::size_t, std::size_t>(0, 0));
    CHECK(p.client.encrypt(std::string(9, 'x'), consumed, out, produced) == tls_status::ok);
    CHECK(consumed == 1);
  }
}

TEST_CASE("ciphertext one record behind the front of a buffer is decrypted to that front") {
  tls_cast const cast;
  constexpr std::size_t distance = tls_engine::max_plaintext;
  std::string const data = noise(20 * distance + 77);
  for (auto const& [version, name] : tls_versions) {
    tls_pair p(cast, version);
    p.shake_hands();
    std::string const one = encrypt(p.client, data.substr(0, distance));
    REQUIRE(decrypt(p.server, one).plain.size() == distance);
    // What the first call leaves inside: a little, all but one byte of a record, nothing, a record of which only one
    // byte of plaintext was taken.
    for (auto const& [first, room] : std::to_array<std::pair<std::size_t, std::size_t>>(
             {{3, whole}, {one.size() - 1, whole}, {one.size(), whole}, {one.size(), 1}})) {
      CAPTURE(name, first, room);
      std::string const cipher = encrypt(p.client, data);
      std::string all;
      std::size_t take = first;
      for (std::size_t at = 0; at < cipher.size(); at += take) {
        take = at == 0 ? first : std::min(6 * distance, cipher.size() - at);
        std::vector<char> buffer(distance + take);
        std::copy_n(cipher.data() + at, take, buffer.data() + distance);
        std::span<char const> arrived(buffer.data() + distance, take);
        std::size_t written = 0;
        p.server.decrypt(arrived, std::span(buffer).first(std::min(buffer.size(), at == 0 ? room : whole)), written);
        CHECK(arrived.empty());
        all.append(buffer.data(), written);
      }
      CHECK((all == data));
    }
  }
}

TEST_CASE("a close notify comes after the data before it, and ends only one direction") {
  tls_cast const cast;
  for (auto const& [version, name] : tls_versions) {
    CAPTURE(name);
    tls_pair p(cast, version);
    p.client.close_notify();
    CHECK_FALSE(p.client.has_output());
    p.shake_hands();
    decrypt(p.client, p.to_client);

    std::string last = encrypt(p.client, "last words");
    p.client.close_notify();
    p.client.close_notify();
    last += output_of(p.client);
    auto const heard = decrypt(p.server, last + "whatever follows");
    CHECK(heard.plain == "last words");
    CHECK(heard.status == tls_status::closed);
    CHECK(decrypt(p.server, "").status == tls_status::closed);

    std::size_t consumed = 0;
    std::size_t produced = 0;
    std::array<char, 1000> out;
    CHECK(p.client.encrypt(last, consumed, out, produced) == tls_status::closed);
    CHECK(consumed + produced == 0);

    std::string answer = encrypt(p.server, "farewell");
    p.server.close_notify();
    auto const answered = decrypt(p.client, answer + output_of(p.server));
    CHECK(answered.plain == "farewell");
    CHECK(answered.status == tls_status::closed);
  }
}

TEST_CASE("what was received before our close notify can still be read") {
  tls_cast const cast;
  for (auto const& [version, name] : tls_versions) {
    CAPTURE(name);
    tls_pair p(cast, version);
    p.shake_hands();
    std::string const cipher = encrypt(p.client, "received");
    std::span<char const> arrived(cipher);
    std::array<char, 3> room;
    std::size_t written = 0;
    CHECK(p.server.decrypt(arrived, room, written) == tls_status::ok);
    p.server.close_notify();
    p.server.close_notify();
    CHECK(decrypt(p.server, encrypt(p.client, " and more")).plain == "eived and more");
  }
}

TEST_CASE("waiting output goes out before the records behind it") {
  tls_cast const cast;
  tls_pair p(cast);
  // The server's tickets still wait when it begins to encrypt, into less room than they take.
  p.client_turn();
  p.server_turn();
  p.to_client = output_of(p.server);
  p.client_turn();
  p.server_turn();
  REQUIRE(p.server.established());
  REQUIRE(p.server.has_output());
  std::array<char, 100> out;
  std::size_t consumed = 0;
  std::size_t produced = 0;
  CHECK(p.server.encrypt("data", consumed, out, produced) == tls_status::ok);
  CHECK(std::pair(consumed, produced) == std::pair<std::size_t, std::size_t>(0, out.size()));
  CHECK(decrypt(p.client, std::string(out.data(), produced) + encrypt(p.server, "data", whole)).plain == "data");
}

TEST_CASE("garbage and forgeries fail for good") {
  tls_cast const cast;
  for (std::string const& garbage : {std::string("GET / HTTP/1.1\r\nHost: gateway.test\r\n\r\n"), noise(5000)}) {
    tls_pair p(cast);
    p.to_server = garbage;
    p.server_turn();
    CHECK(p.server_status == tls_status::failed);
    CHECK(p.server.failure() != "");
    CHECK(p.server.failure() != "no reason given");
    std::span<char const> more;
    CHECK(p.server.handshake(more) == tls_status::failed);
  }
  for (auto const& [version, name] : tls_versions) {
    CAPTURE(name);
    tls_pair p(cast, version);
    p.shake_hands();
    std::string const good = encrypt(p.client, "good");
    std::string forged = encrypt(p.client, "forged");
    forged.back() ^= 1;
    auto const heard = decrypt(p.server, good + forged);
    CHECK(heard.plain == "good");
    CHECK(heard.status == tls_status::failed);
    CHECK(p.server.failure() == "decryption failed or bad record mac");
    CHECK(decrypt(p.server, encrypt(p.client, "later")).status == tls_status::failed);
    CHECK(decrypt(p.client, p.to_client + output_of(p.server)).status == tls_status::failed);
    CHECK_THAT(std::string(p.client.failure()), Catch::Matchers::Contains("alert bad record mac"));
  }
}

TEST_CASE("a key update is followed, and answered before the next record") {
  tls_cast const cast;
  tls_engine server(cast.server(), true);
  plain_openssl const client(TLS1_3_VERSION);
  REQUIRE(client.shakes_hands_with(server) == tls_status::ok);
  for (int round = 0; round < 3; ++round) {
    std::string const before = encrypt(server, "old key");
    SSL_key_update(client.ssl(), SSL_KEY_UPDATE_REQUESTED);
    CHECK(decrypt(server, client.writes("new key")).plain == "new key");
    std::string const after = encrypt(server, "new key too");
    CHECK(after.size() > before.size() + 20);
    CHECK(client.reads(before) == "old key");
    CHECK(client.reads(after) == "new key too");
  }
}

TEST_CASE("key updates with data between them are followed for ever, a flood of nothing else ends the connection") {
  tls_cast const cast;
  tls_engine server(cast.server(), true);
  plain_openssl const client(TLS1_3_VERSION);
  REQUIRE(client.shakes_hands_with(server) == tls_status::ok);
  auto const update = [&] {
    SSL_key_update(client.ssl(), SSL_KEY_UPDATE_NOT_REQUESTED);
    SSL_do_handshake(client.ssl());
    return client.says();
  };
  for (int i = 0; i < 10 * tls_engine::max_idle_messages; ++i) {
    CHECK(decrypt(server, update()).status == tls_status::want_input);
    CHECK(decrypt(server, client.writes("x")).plain == "x");
  }
  std::string flood;
  for (int i = 0; i <= tls_engine::max_idle_messages; ++i) flood += update();
  CHECK(decrypt(server, flood).status == tls_status::failed);
  CHECK(server.failure() == "the peer says nothing but what the protocol needs");
}

TEST_CASE("a renegotiation is declined, and a flood of requests for one ends the connection") {
  tls_cast const cast;
  tls_engine client(cast.client(), false, "gateway.test");
  plain_openssl const server(cast.server());
  REQUIRE(server.shakes_hands_with(client) == tls_status::ok);
  auto const request = [&] {
    SSL_renegotiate(server.ssl());
    SSL_do_handshake(server.ssl());
    return server.says();
  };
  std::string const asked = request();
  REQUIRE(asked.size() > 0);
  CHECK(decrypt(client, asked).status == tls_status::want_input);
  CHECK(output_of(client).size() > 0);
  CHECK(decrypt(client, server.writes("data")).plain == "data");
  std::string flood;
  for (int i = 0; i < 2000; ++i) flood += request();
  CHECK(decrypt(client, flood).status == tls_status::failed);
  CHECK(client.failure() == "the peer says nothing but what the protocol needs");
  CHECK(output_of(client).size() <= tls_engine::max_side_output);
}

TEST_CASE("answers that nobody takes end the connection, too, with data between the questions") {
  tls_cast const cast;
  tls_engine client(cast.client(), false, "gateway.test");
  plain_openssl const server(cast.server());
  REQUIRE(server.shakes_hands_with(client) == tls_status::ok);
  auto status = tls_status::want_input;
  for (int i = 0; i < 2000 && status == tls_status::want_input; ++i) {
    SSL_renegotiate(server.ssl());
    SSL_do_handshake(server.ssl());
    status = decrypt(client, server.says()).status;
    if (status == tls_status::want_input) status = decrypt(client, server.writes("x")).status;
  }
  CHECK(status == tls_status::failed);
  CHECK(client.failure() == "the peer demands answers and reads none");
  CHECK(output_of(client).size() <= tls_engine::max_side_output);
}
