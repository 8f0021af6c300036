// A client that speaks in bytes: what it sends is what the test writes, and what it gets is kept as it came. Used by
// the tests of HTTP handshakes and probes.
#pragma once

#include "net/stream.hpp"
#include "testing/story.hpp"

#include <sys/socket.h>

#include <array>
#include <string>
#include <string_view>

namespace gw::testing {

class raw_client {
 public:
  raw_client(story& told, net::loop& where, net::unique_fd socket) : story_(told), stream_(where, std::move(socket)) {}

  /// Keeps what comes until the other side finishes or vanishes() is called.
  net::awaitable<void> listen() {
    std::array<char, 4096> buffer;
    for (;;) {
      auto const read = co_await stream_.read_some(buffer);
      if (!read) break;
      received_.append(buffer.data(), *read);
    }
    if (stream_.is_open()) story_.note("the connection ends");
    ended_ = true;
    stream_.close();
  }

  void sends(std::string_view bytes) {
    story_.note("sends " + std::string(bytes));
    REQUIRE(::send(stream_.descriptor(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(bytes.size()));
  }
  /// Half-closes: nothing more is to come.
  void finishes() { ::shutdown(stream_.descriptor(), SHUT_WR); }
  void vanishes() { stream_.close(); }

  /// Everything up to the end of the connection.
  net::awaitable<std::string> hears_all() {
    std::function<bool()> const over = [this] { return ended_; };
    co_await story_.until("the end of the connection", over);
    co_return received_;
  }
  /// The head that is answered first; what follows stays in received().
  net::awaitable<std::string> hears_head() {
    std::function<bool()> const there = [this] { return received_.find("\r\n\r\n") != std::string::npos; };
    co_await story_.until("a whole head", there);
    auto const end = received_.find("\r\n\r\n") + 4;
    auto head = received_.substr(0, end);
    received_.erase(0, end);
    co_return head;
  }
  /// So many bytes more.
  net::awaitable<std::string> hears_bytes(std::size_t count) {
    std::function<bool()> const there = [this, count] { return received_.size() >= count; };
    co_await story_.until("bytes", there);
    auto bytes = received_.substr(0, count);
    received_.erase(0, count);
    co_return bytes;
  }
  std::string const& received() const { return received_; }
  bool ended() const { return ended_; }

 private:
  story& story_;
  net::stream stream_;
  std::string received_;
  bool ended_ = false;
};

}  // namespace gw::testing
