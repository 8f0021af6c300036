#include "tools/http_get.hpp"

#include "testing/catch.hpp"
#include "tools/run_loop.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>

using namespace gw;
using namespace std::chrono_literals;

namespace {

/// A socket of loopback that listens.
class door {
 public:
  door() : listening_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    auto const anywhere = *net::address::parse("127.0.0.1:0");
    REQUIRE(::bind(listening_, anywhere.data(), anywhere.size()) == 0);
    REQUIRE(::listen(listening_, 1) == 0);
  }
  ~door() { ::close(listening_); }
  door(door const&) = delete;
  door& operator=(door const&) = delete;

  net::address at() const { return net::address::of_socket(listening_, true); }

  /// Accepts one connection, reads a head and answers with `text`; the head. `reset`: the connection ends without a
  /// FIN.
  std::string answer(std::string_view text, bool reset) const {
    int const client = ::accept(listening_, nullptr, nullptr);
    std::string head;
    std::array<char, 1024> buffer;
    while (head.find("\r\n\r\n") == head.npos) {
      auto const read = ::recv(client, buffer.data(), buffer.size(), 0);
      if (read <= 0) break;
      head.append(buffer.data(), static_cast<std::size_t>(read));
    }
    ::send(client, text.data(), text.size(), MSG_NOSIGNAL);
    linger const at_once{.l_onoff = 1, .l_linger = 0};
    if (reset) ::setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    ::close(client);
    return head;
  }

 private:
  int listening_;
};

constexpr std::size_t largest = 10;

net::awaitable<void> ask(net::loop& on, net::address at, duration limit, result<tools::http_answer>& answer) {
  answer = co_await tools::http_get(on, at, "/readyz", limit, largest);
}

result<tools::http_answer> get(net::address at, duration limit) {
  monotonic_clock const time;
  net::loop on(time);
  result<tools::http_answer> answer = tools::http_answer{};
  tools::run_loop(on, ask(on, at, limit, answer));
  return answer;
}

result<tools::http_answer> get_from(std::string_view text, std::string& head, bool reset = false) {
  door const server;
  std::thread serving([&] { head = server.answer(text, reset); });
  auto answer = get(server.at(), 10s);
  serving.join();
  return answer;
}

}  // namespace

TEST_CASE("a GET tells the status and the body") {
  std::string head;
  auto const answer = get_from("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 6\r\n\r\nnot so", head);
  REQUIRE(answer.has_value());
  CHECK(answer->status == 503);
  CHECK(answer->body == "not so");
  CHECK(head.starts_with("GET /readyz HTTP/1.1\r\nHost: 127.0.0.1:"));
}

TEST_CASE("what does not speak HTTP is told as that, and what closes as that") {
  std::string head;
  CHECK(get_from("hello\r\n\r\n", head).error().code == errc::handshake_rejected);
  CHECK(get_from("", head).error().code == errc::connect_failed);
}

TEST_CASE("an answer that is cut short is no answer") {
  std::string head;
  auto const cut = get_from("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nnot so", head);
  REQUIRE_FALSE(cut.has_value());
  CHECK(cut.error().code == errc::connect_failed);
  CHECK(cut.error().context.ends_with(" closed in the middle of its answer"));
  auto const reset = get_from("HTTP/1.1 200 OK\r\n\r\nnot so", head, true);
  REQUIRE_FALSE(reset.has_value());
  CHECK(reset.error().code == errc::connect_failed);
}

TEST_CASE("an answer without a length goes on until the connection ends, one with a length no further than that") {
  std::string head;
  CHECK(get_from("HTTP/1.1 200 OK\r\n\r\nnot so", head)->body == "not so");
  CHECK(get_from("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nnot so", head)->body == "not");
  CHECK(get_from("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", head)->body.empty());
}

TEST_CASE("an answer may be as long as the limit and no longer, and which one it was is told") {
  std::string head;
  CHECK(get_from("HTTP/1.1 200 OK\r\n\r\n0123456789", head)->body == "0123456789");
  CHECK(get_from("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789", head)->body == "0123456789");
  for (auto const* const answer :
       {"HTTP/1.1 200 OK\r\n\r\n0123456789-", "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n0123456789-"}) {
    auto const told = get_from(answer, head);
    REQUIRE_FALSE(told.has_value());
    CHECK(told.error().code == errc::upstream_too_big);
    CHECK(told.error().context.ends_with(" to GET /readyz is longer than 10 bytes"));
  }
}

TEST_CASE("a GET ends when its time is up, and at once where nobody listens") {
  net::address nobody = *net::address::parse("127.0.0.1:1");
  {
    door const silent;
    CHECK(get(silent.at(), 50ms).error().code == errc::connect_timeout);
    nobody = silent.at();
  }
  CHECK(get(nobody, 10s).error().code == errc::connect_failed);
}
