// A small HTTP/1.1 client for what the gateway asks of registries: one server, one connection that is kept between
// calls, one call at a time. Which of several servers to ask, and when again, is its user's business.
#pragma once

#include "core/clock.hpp"
#include "core/error.hpp"
#include "net/awaitable.hpp"
#include "net/http_url.hpp"
#include "net/loop.hpp"
#include "net/resolve.hpp"
#include "net/tls_context.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gw::net {

struct http_question {
  std::string method = "GET";  // not HEAD
  std::string target = "/";    // path and query, behind the path of the server's URL
  std::vector<std::pair<std::string, std::string>> fields = {};
  std::string body = {};
};

struct http_limits {
  duration connect = std::chrono::seconds(3);  // to find the host; then for each of up to three addresses, with TLS
  duration answer = std::chrono::seconds(10);  // from the question to the end of the answer; of a stream, of its head
  std::size_t head = 16 * 1024;
  std::size_t body = 16 * 1024 * 1024;  // unpacked too; of a stream, a line
};

struct http_answer {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> fields = {};
  std::string body = {};

  /// The value of the first field called so, in any case; empty if there is none.
  std::string_view field(std::string_view name) const noexcept;
};

/// One thread. Must outlive its call.
class http_client {
 public:
  /// `tls` is for an https server, and may be null for others.
  http_client(loop& where, http_url server, std::shared_ptr<tls_context const> tls, http_limits limits = {});
  ~http_client();
  http_client(http_client const&) = delete;
  http_client& operator=(http_client const&) = delete;

  http_url const& server() const noexcept { return server_; }
  /// The last question, as errors name it: "GET http://host:port/target".
  std::string const& asked() const noexcept { return asked_; }

  /// Any answer is a success, whatever its status. Asks for gzip and unpacks it. A kept connection that ends before it
  /// brings a byte is replaced once, so a question may reach the server twice. Errors are of side::upstream and say
  /// what was asked of whom: connect_failed, connect_timeout, handshake_rejected (no HTTP, a broken body),
  /// upstream_too_big; of side::gateway: closed.
  awaitable<result<http_answer>> call(http_question question);

  /// The same for an answer that goes on: returns its head, and next_line() its lines. An answer other than 200 is
  /// whole.
  awaitable<result<http_answer>> open(http_question question);
  /// The next line of the body that open() began, without its end. Waits `idle` at most (errc::timeout, and the stream
  /// is over). errc::closed: the body has ended.
  awaitable<result<std::string>> next_line(duration idle);
  /// Whether next_line() would not wait.
  bool has_line() const noexcept;
  bool is_streaming() const noexcept { return streaming_; }
  /// Ends a stream, or lets the kept connection go. Not during a call.
  void drop() noexcept;

  /// For good: a call under way ends soon with errc::closed, and later ones at once.
  void close() noexcept;

 private:
  struct exchange;  // the connection, and the answer that is being read

  awaitable<result<http_answer>> ask(http_question question, bool stream);
  awaitable<result<http_answer>> ask_once(std::string request, bool stream);
  awaitable<result<>> connect();
  awaitable<result<>> connect_to(std::string ip);
  awaitable<result<>> read_answer_head(http_answer& answer, bool stream);
  awaitable<result<>> read_more();
  awaitable<result<>> read_body(http_answer& answer);
  result<> judge(boost::system::error_code const& parsed) const;
  result<std::string> request_text(http_question const& question) const;
  error failed(errc code, std::string_view what, std::error_code cause = {}) const;
  error closed() const;

  loop& loop_;
  resolver names_;
  http_url const server_;
  std::shared_ptr<tls_context const> tls_;
  http_limits const limits_;
  std::unique_ptr<exchange> exchange_;  // null: no connection
  std::string asked_;
  bool streaming_ = false;
  bool closed_ = false;
};

}  // namespace gw::net
