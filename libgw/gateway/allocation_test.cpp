#include "gateway/connection.hpp"
#include "gateway/worker.hpp"
#include "testing/catch.hpp"
#include "testing/socket_pair.hpp"
#include "wire/upgrade.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <new>
#include <optional>
#include <string>

using namespace gw;
using namespace std::chrono_literals;

namespace {

// tidy: global: the program's own operator new counts here
std::atomic<std::size_t> allocations = 0;

void* counted(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* const p = std::malloc(size == 0 ? 1 : size)) return p;
  throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t size) {
  return counted(size);
}
void* operator new[](std::size_t size) {
  return counted(size);
}
void* operator new(std::size_t size, std::nothrow_t const&) noexcept {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return std::malloc(size == 0 ? 1 : size);
}
void* operator new[](std::size_t size, std::nothrow_t const& quietly) noexcept {
  return operator new(size, quietly);
}
void operator delete(void* p) noexcept {
  std::free(p);
}
void operator delete[](void* p) noexcept {
  std::free(p);
}
void operator delete(void* p, std::size_t) noexcept {
  std::free(p);
}
void operator delete[](void* p, std::size_t) noexcept {
  std::free(p);
}

namespace {

/// A gateway worker driven by this thread, between a client and a service that are bare sockets here: whatever is
/// allocated while the loop runs, the gateway allocated.
class relay_alone {
 public:
  relay_alone() {
    auto const any = net::address::parse("127.0.0.1:0");
    listening_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(::bind(listening_.get(), any->data(), any->size()) == 0);
    REQUIRE(::listen(listening_.get(), 8) == 0);
    config::config settings;
    settings.services.push_back(
        {.name = "chat", .instances = {{"127.0.0.1", net::address::of_socket(listening_.get(), true).port()}}});
    settings.log.access = "off";
    gateway::surroundings const around{.settings = std::make_shared<config::config const>(std::move(settings)),
                                       .time = &time_,
                                       .metrics = [] { return std::string(); },
                                       .not_ready = [] { return std::string(); },
                                       .full = [] { return false; }};
    worker_.emplace(0, around, *route::table::make(around.settings->url_rule, {"chat"}),
                    cluster::registry::make(cluster::located(around.settings->services), 1));
    auto [ours, theirs] = testing::socket_pair();
    client_ = std::move(ours);
    connecting_.emplace(worker_->loop().where());
    connecting_->spawn(gateway::serve_connection(*worker_, {std::move(theirs), gateway::entrance::clients, 0}));
    write(client_,
          "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
    REQUIRE(read_some(client_).starts_with("HTTP/1.1 101"));
  }

  ~relay_alone() {
    client_.reset();
    service_.reset();
    while (connecting_->size() != 0 || worker_->connections() != 0) worker_->loop().io.run_one();
    worker_->loop().shut_down();
    worker_->loop().io.run();
  }

  /// The first message, which opens the channel; the service does its handshake and reads it.
  void open_channel(std::string const& first) {
    write(client_, first);
    while (!readable(listening_)) worker_->loop().io.run_one_for(1ms);
    service_.reset(::accept4(listening_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    auto const request = read_some(service_);
    auto const head = wire::judge_request(request);
    REQUIRE(head.has_value());
    write(service_, wire::make_upgrade_response(wire::accept_key(head->get("Sec-WebSocket-Key")), ""));
    REQUIRE(read_exactly(service_, first.size()) == first.size());
  }

  /// `frames` to the service, `answers` back to the client; the bytes that arrived at each end.
  std::pair<std::size_t, std::size_t> round_trip(std::string const& frames, std::string const& answers) {
    write(client_, frames);
    auto const there = read_exactly(service_, frames.size());
    write(service_, answers);
    return {there, read_exactly(client_, answers.size())};
  }

 private:
  static void write(net::unique_fd const& to, std::string const& bytes) {
    auto const sent = ::send(to.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent != static_cast<ssize_t>(bytes.size())) FAIL("a socket buffer is too small for this test");
  }

  static bool readable(net::unique_fd const& fd) {
    pollfd asked{fd.get(), POLLIN, 0};
    return ::poll(&asked, 1, 0) == 1;
  }

  std::string read_some(net::unique_fd const& from) {
    while (!readable(from)) worker_->loop().io.run_one_for(1ms);
    auto const n = ::recv(from.get(), buffer_.data(), buffer_.size(), 0);
    return {buffer_.data(), static_cast<std::size_t>(std::max<ssize_t>(n, 0))};
  }

  std::size_t read_exactly(net::unique_fd const& from, std::size_t size) {
    std::size_t got = 0;
    while (got < size) {
      while (!readable(from)) worker_->loop().io.run_one_for(1ms);
      auto const n = ::recv(from.get(), buffer_.data(), buffer_.size(), 0);
      if (n <= 0) break;
      got += static_cast<std::size_t>(n);
    }
    return got;
  }

  monotonic_clock time_;
  net::unique_fd listening_;
  net::unique_fd client_;
  net::unique_fd service_;
  std::optional<gateway::worker> worker_;
  std::optional<net::task_group> connecting_;
  std::array<char, 65536> buffer_;
};

}  // namespace

TEST_CASE("in steady state a relayed message costs no allocation") {
  relay_alone relay;
  wire::mask_key const key{1, 2, 3, 4};
  std::string const text = R"({"method":"/api/v1/chat/send","data":")" + std::string(200, 'x') + "\"}";
  std::string frames;
  std::string answers;
  for (int i = 0; i < 32; ++i) {
    frames += wire::make_frame(wire::opcode::text, text, &key);
    answers += wire::make_frame(wire::opcode::text, text, nullptr);
  }
  auto const one = wire::make_frame(wire::opcode::text, text, &key);
  auto const one_answer = wire::make_frame(wire::opcode::text, text, nullptr);

  relay.open_channel(one);
  for (int i = 0; i < 8; ++i) relay.round_trip(frames, answers);  // warm: chunks are in the pool

  auto const before = allocations.load();
  for (int i = 0; i < 200; ++i) {
    auto const [there, back] = relay.round_trip(frames, answers);
    if (there != frames.size() || back != answers.size()) FAIL("bytes were lost");
    relay.round_trip(one, one_answer);
  }
  CHECK(allocations.load() - before == 0);
}
