// An HTTP server for tests: a real listener on the loopback that answers every request as the test wants, well or
// badly. Used by the tests of the HTTP client and of whatever asks registries.
#pragma once

#include "net/http_io.hpp"
#include "net/listen.hpp"
#include "net/stream.hpp"
#include "net/task_group.hpp"
#include "net/tls_engine.hpp"
#include "testing/catch.hpp"
#include "testing/run_loop.hpp"
#include "wire/strict_head.hpp"

#include <fmt/format.h>

#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gw::testing {

/// "HTTP/1.1 200 OK" with a length.
inline std::string http_ok(std::string_view body, std::string_view fields = {}) {
  return fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n{}\r\n{}", body.size(), fields, body);
}
inline std::string http_says(int status, std::string_view body = {}, std::string_view fields = {}) {
  return fmt::format("HTTP/1.1 {} Status\r\nContent-Length: {}\r\n{}\r\n{}", status, body.size(), fields, body);
}
/// The head of a chunked answer; http_chunk()s follow, and `0\r\n\r\n` in the end.
inline std::string http_chunked() {
  return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
}
inline std::string http_chunk(std::string_view bytes) {
  return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes);
}

class http_double {
 public:
  struct request {
    std::string method, target, head, body;
  };
  struct reply {
    std::string bytes;
    bool close = false;  // the connection, behind the bytes
  };
  /// Empty bytes: silence.
  using answer = std::function<reply(request const&)>;

  explicit http_double(net::loop& where) : loop_(where), conversations_(where.where()) {
    auto opened = net::listener::open(loop_, *net::address::parse("127.0.0.1:0"));
    REQUIRE(opened.has_value());
    listener_ = std::move(*opened);
  }

  std::string authority() const { return listener_->local().text(); }
  std::uint16_t port() const { return listener_->local().port(); }
  std::string url(std::string const& path = {}) const { return (tls_ ? "https://" : "http://") + authority() + path; }

  void answers(answer how) { answer_ = std::move(how); }
  void answers(std::string bytes) {
    answers([bytes](request const&) { return reply{bytes}; });
  }
  void speaks_tls(std::shared_ptr<net::tls_context const> context) { tls_ = std::move(context); }
  std::vector<request> const& requests() const { return requests_; }
  std::size_t connections() const { return connections_; }

  /// Bytes, as they are, to everyone whose last request's target begins so.
  void pushes(std::string_view bytes, std::string_view target = {}) {
    for (auto const& [s, asked] : open_) {
      if (!asked.starts_with(target)) continue;
      REQUIRE(::send(s->descriptor(), bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()));
    }
  }
  /// Ends all connections, without a word.
  void hangs_up() {
    for (auto const& [s, asked] : open_) ::shutdown(s->descriptor(), SHUT_RDWR);
  }

  net::awaitable<void> serve() {
    for (;;) {
      auto accepted = co_await listener_->accept();
      if (!accepted) break;
      ++connections_;
      conversations_.spawn(converse(std::move(*accepted)));
    }
    co_await conversations_.join();
  }
  void stop() {
    listener_->close();
    for (auto const& [s, asked] : open_) s->close();
  }

 private:
  net::awaitable<void> converse(net::unique_fd socket) {
    net::stream stream(loop_, std::move(socket));
    open_.emplace_back(&stream, "");
    if (tls_) {
      auto engine = std::make_unique<net::tls_engine>(tls_, true);
      auto const secured = co_await stream.secure(std::move(engine));
      if (!secured) stream.close();
    }
    std::string rest;
    while (stream.is_open()) {
      request asked;
      auto const read = co_await take(stream, rest, asked);
      if (!read) break;
      requests_.push_back(asked);
      std::find_if(open_.begin(), open_.end(), [&stream](auto const& o) { return o.first == &stream; })->second =
          asked.target;
      auto const said = answer_(asked);
      auto const written = co_await stream.write(said.bytes);
      if (!written) break;
      if (said.close) {
        co_await stream.finish();
        break;
      }
    }
    std::erase_if(open_, [&stream](auto const& o) { return o.first == &stream; });
  }

  net::awaitable<result<>> take(net::stream& from, std::string& rest, request& to) {
    net::received_head received{.bytes = std::move(rest)};
    auto read = co_await net::read_head(from, received, 64 * 1024);
    if (!read) co_return read;
    auto const head = wire::judge_request(received.head());
    REQUIRE(head.has_value());
    to = {std::string(head->method), std::string(head->target), std::string(received.head()), received.rest()};
    std::size_t size = 0;
    auto const length = head->get("Content-Length");
    std::from_chars(length.data(), length.data() + length.size(), size);
    while (to.body.size() < size) {
      auto more = co_await from.append_some(to.body);
      if (!more) co_return more;
    }
    rest = to.body.substr(size);
    to.body.resize(size);
    co_return result<>();
  }

  net::loop& loop_;
  std::unique_ptr<net::listener> listener_;
  std::shared_ptr<net::tls_context const> tls_;
  answer answer_ = [](request const&) { return reply{http_ok("")}; };
  std::vector<request> requests_;
  std::vector<std::pair<net::stream*, std::string>> open_;  // with the target of the last request
  std::size_t connections_ = 0;
  net::task_group conversations_;
};

/// Tells `story` beside a server that serves until it is over.
inline void beside_server(std::function<net::awaitable<void>(net::loop&, http_double&)> const& story) {
  monotonic_clock const time;
  run_loop(time, [&story](net::loop& l) -> net::awaitable<void> {
    http_double server(l);
    net::task_group serving(l.where());
    serving.spawn(server.serve());
    std::exception_ptr failure;
    try {
      co_await story(l, server);
    } catch (...) {
      failure = std::current_exception();
    }
    server.stop();
    co_await serving.join();
    if (failure) std::rethrow_exception(failure);
  });
}

}  // namespace gw::testing
