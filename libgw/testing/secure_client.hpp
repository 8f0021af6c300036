// A client that speaks TLS and, above it, in bytes: for the tests of what happens before the upgrade. Each call is
// over within ten seconds of the loop's clock, or fails.
#pragma once

#include "net/http_io.hpp"
#include "net/stream.hpp"
#include "net/tls_engine.hpp"
#include "testing/catch.hpp"

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace gw::testing {

class secure_client {
 public:
  secure_client(net::loop& where, net::unique_fd socket) : loop_(where), stream_(where, std::move(socket)) {}

  /// Returns why it failed; empty: it did not.
  net::awaitable<std::string> shakes_hands(std::shared_ptr<net::tls_context const> context, std::string host,
                                           std::shared_ptr<net::tls_session> resume = nullptr) {
    net::deadline const limit(loop_, stream_, patience);
    auto engine = std::make_unique<net::tls_engine>(context, false, host, std::move(resume));
    auto const secured = co_await stream_.secure(std::move(engine));
    co_return secured ? std::string() : describe(secured.error());
  }

  net::awaitable<void> sends(std::string bytes) {
    net::deadline const limit(loop_, stream_, patience);
    auto const written = co_await stream_.write(bytes);
    REQUIRE(written.has_value());
  }

  /// The head that is answered; what follows is rest().
  net::awaitable<std::string> hears_head() {
    net::deadline const limit(loop_, stream_, patience);
    auto const read = co_await net::read_head(stream_, received_, 64 * 1024);
    REQUIRE(read.has_value());
    co_return std::string(received_.head());
  }
  std::string rest() const { return received_.rest(); }

  /// Everything up to the end of the connection; tls().failure() says if that was a TLS failure.
  net::awaitable<std::string> hears_all() {
    net::deadline const limit(loop_, stream_, patience);
    std::string all;
    std::array<char, 4096> buffer;
    for (;;) {
      auto const read = co_await stream_.read_some(buffer);
      if (!read) break;
      all.append(buffer.data(), *read);
    }
    REQUIRE(stream_.is_open());
    co_return all;
  }

  net::tls_engine const& tls() { return *stream_.tls(); }
  net::transport release() { return stream_.release(); }
  void vanishes() { stream_.close(); }

 private:
  static constexpr std::chrono::seconds patience{10};

  net::loop& loop_;
  net::stream stream_;
  net::received_head received_;
};

}  // namespace gw::testing
