// What TLS adds: the handshake, once for a session, and the records, for a turn's output to one client.
#include "net/tls_engine.hpp"
#include "testing/tls_identities.hpp"

#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

using namespace gw;
using net::tls_context, net::tls_engine, net::tls_status;

namespace {

/// What both ends share, and what a gateway makes once.
struct tls_contexts {
  testing::tls_identities files;
  testing::identity gateway = files.make("gateway", "DNS:gateway.test");
  std::shared_ptr<tls_context const> server =
      tls_context::server({.cert_file = gateway.cert, .key_file = gateway.key}).value();
  std::shared_ptr<tls_context const> client = tls_context::client({.ca_file = gateway.cert}).value();
};

/// Both ends of a connection, in memory.
class tls_connection {
 public:
  explicit tls_connection(tls_contexts const& with)
      : client_(with.client, false, "gateway.test"), server_(with.server, true) {}

  bool shake_hands() {
    std::string to_client;
    for (int flight = 0; flight < 4 && !(client_.established() && server_.established()); ++flight) {
      auto const to_server = step(client_, to_client);
      to_client = step(server_, to_server);
    }
    // The server's tickets.
    std::span<char const> cipher = to_client;
    std::array<char, 1> nothing;
    std::size_t written = 0;
    return client_.established() && server_.established() &&
           client_.decrypt(cipher, nothing, written) == tls_status::want_input;
  }

  /// Returns the bytes of ciphertext; 0 if something failed.
  std::size_t encrypt(std::span<char const> plain, std::span<char> out) {
    std::size_t consumed = 0;
    std::size_t produced = 0;
    bool const whole = server_.encrypt(plain, consumed, out, produced) == tls_status::ok && consumed == plain.size();
    return whole ? produced : 0;
  }

  bool decrypt(std::span<char const> cipher, std::span<char> plain) {
    std::size_t written = 0;
    auto const status = client_.decrypt(cipher, plain, written);
    return status != tls_status::failed && written == plain.size();
  }

 private:
  /// Lets `engine` have `input`; what it answers.
  static std::string step(tls_engine& engine, std::string const& input) {
    std::span<char const> cipher = input;
    if (!engine.established()) engine.handshake(cipher);
    std::string output(16 * 1024, ' ');
    output.resize(engine.take_output(output));
    return output;
  }

  tls_engine client_, server_;
};

/// Of both ends together, without a session to resume.
void shake_hands(benchmark::State& state) {
  tls_contexts const contexts;
  for (auto _ : state) {
    tls_connection connection(contexts);
    if (!connection.shake_hands()) state.SkipWithError("the handshake failed");
  }
}
BENCHMARK(shake_hands)->Name("net/tls_engine/handshake_of_both_ends");

struct records {
  explicit records(benchmark::State const& state)
      : plain(static_cast<std::size_t>(state.range(0)), 'x'), cipher(plain.size() + 8 * 1024) {}

  std::vector<char> plain, cipher;
};

void encrypt(benchmark::State& state) {
  tls_contexts const contexts;
  tls_connection connection(contexts);
  records of(state);
  if (!connection.shake_hands()) state.SkipWithError("the handshake failed");
  for (auto _ : state) {
    if (connection.encrypt(of.plain, of.cipher) == 0) state.SkipWithError("not all was encrypted");
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(encrypt)->Name("net/tls_engine/encrypt")->Arg(256)->Arg(4096)->Arg(65536);

/// No record can be decrypted twice.
void encrypt_and_decrypt(benchmark::State& state) {
  tls_contexts const contexts;
  tls_connection connection(contexts);
  records of(state);
  if (!connection.shake_hands()) state.SkipWithError("the handshake failed");
  for (auto _ : state) {
    auto const size = connection.encrypt(of.plain, of.cipher);
    if (!connection.decrypt(std::span(of.cipher).first(size), of.plain)) state.SkipWithError("not all was decrypted");
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(encrypt_and_decrypt)->Name("net/tls_engine/encrypt_and_decrypt")->Arg(256)->Arg(4096)->Arg(65536);

}  // namespace
