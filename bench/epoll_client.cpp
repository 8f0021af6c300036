// gw_epoll_client ADDRESS CONNECTIONS IN_FLIGHT BYTES SECONDS: the least that a load generator does on this kernel, to
// which `bench/compare --generator` compares `wsgw bench`. A closed loop on one thread, edge-triggered epoll, one recv
// and one send a wake-up; each frame is masked anew, of an echo nothing but the frame's length is read. Prints one JSON
// line.
#include "frame_walk.hpp"

#include "core/clock.hpp"
#include "net/address.hpp"
#include "net/unique_fd.hpp"
#include "wire/frame.hpp"
#include "wire/mask.hpp"
#include "wire/upgrade.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace {

using gw::net::address;
using gw::net::unique_fd;

constexpr std::size_t read_size = 256 * 1024;

[[noreturn]] void fail(char const* what) {
  std::fprintf(stderr, "gw_epoll_client: %s: %s\n", what, std::strerror(errno));
  std::exit(1);
}

struct load {
  address server{};
  std::size_t connections = 0;
  std::size_t in_flight = 0;
  std::size_t size = 0;
  std::chrono::milliseconds time{};
};

struct connection {
  unique_fd socket{};
  frame_walk frames{};
  std::string waiting{};  // what the socket did not take
};

class client {
 public:
  explicit client(load const& of)
      : load_(of), text_(of.size, 'x'), connections_(of.connections), keys_(std::random_device()()) {
    for (auto& c : connections_) open(c);
  }

  void run() {
    for (auto& c : connections_) send(c, load_.in_flight);
    turn_until(time_.now() + load_.time / 4);  // not measured
    auto const answers = answers_;
    auto const cpu = cpu_s();
    auto const begun = time_.now();
    turn_until(begun + load_.time);
    auto const seconds = std::chrono::duration<double>(time_.now() - begun).count();
    auto const count = static_cast<double>(answers_ - answers);
    std::printf("{\"messages_answered\":%.0f,\"messages_per_s\":%.1f,\"own_cpu_us_per_message\":%.4f}\n", count,
                count / seconds, count > 0 ? (cpu_s() - cpu) * 1e6 / count : 0.0);
  }

 private:
  static double cpu_s() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    auto const seconds = [](timeval const& t) {
      return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
  }

  /// Blocks until it is a WebSocket; the server says nothing behind its 101.
  void open(connection& c) {
    c.socket = unique_fd(::socket(load_.server.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(c.socket.get(), load_.server.data(), load_.server.size()) != 0) fail("connect");
    int const on = 1;
    ::setsockopt(c.socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    auto const request = gw::wire::make_upgrade_request("/ws", load_.server.text(), gw::wire::make_key(), {}, {});
    if (::send(c.socket.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) fail("send");
    std::string response;
    while (!response.ends_with("\r\n\r\n")) {
      auto const n = ::recv(c.socket.get(), buffer_.get(), read_size, 0);
      if (n <= 0) fail("handshake");
      response.append(buffer_.get(), static_cast<std::size_t>(n));
    }
    epoll_event e{.events = EPOLLIN | EPOLLOUT | EPOLLET, .data = {.ptr = &c}};
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, c.socket.get(), &e) != 0) fail("epoll_ctl");
  }

  void turn_until(gw::time_point end) {
    std::array<epoll_event, 512> events;
    while (time_.now() < end) {
      auto const n = ::epoll_wait(epoll_.get(), events.data(), events.size(), 10);
      for (auto const& e : std::span(events).first(static_cast<std::size_t>(std::max(n, 0)))) {
        auto& c = *static_cast<connection*>(e.data.ptr);
        if ((e.events & EPOLLIN) != 0) receive(c);
        if (!c.waiting.empty()) c.waiting.erase(0, write(c, c.waiting));
      }
    }
  }

  /// A short read has emptied the socket.
  void receive(connection& c) {
    for (std::size_t got = read_size; got == read_size;) {
      auto const n = ::recv(c.socket.get(), buffer_.get(), read_size, MSG_DONTWAIT);
      if (n < 0 && errno == EAGAIN) return;
      if (n <= 0) fail("the server ended a connection");
      got = static_cast<std::size_t>(n);
      std::string_view read(buffer_.get(), got);
      std::size_t answers = 0;
      while (!read.empty()) {
        read.remove_prefix(c.frames.take(read));
        answers += c.frames.at_boundary() ? 1 : 0;
      }
      answers_ += answers;
      if (answers != 0) send(c, answers);
    }
  }

  void send(connection& c, std::size_t count) {
    auto* to = frames_.get();
    for (; count != 0; --count) {
      gw::wire::frame_header const header{.masked = true, .key = next_key(), .length = text_.size()};
      to += gw::wire::write_header(header, to);
      gw::wire::mask_copy(to, text_, header.key);
      to += text_.size();
    }
    std::string_view const frames(frames_.get(), static_cast<std::size_t>(to - frames_.get()));
    c.waiting.append(frames.substr(c.waiting.empty() ? write(c, frames) : 0));
  }

  static std::size_t write(connection& c, std::string_view bytes) {
    auto const n = ::send(c.socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno != EAGAIN) fail("send");
    return static_cast<std::size_t>(std::max<ssize_t>(n, 0));
  }

  gw::wire::mask_key next_key() {
    auto const bits = keys_();
    gw::wire::mask_key key;
    std::memcpy(key.data(), &bits, key.size());
    return key;
  }

  load load_;
  std::string text_;
  gw::monotonic_clock time_;
  unique_fd epoll_{::epoll_create1(EPOLL_CLOEXEC)};
  std::unique_ptr<char[]> buffer_{new char[read_size]};
  std::unique_ptr<char[]> frames_{new char[load_.in_flight * (load_.size + gw::wire::max_header_size)]};
  std::vector<connection> connections_;
  std::mt19937_64 keys_;
  std::uint64_t answers_ = 0;
};

std::optional<load> parse(std::span<char*> words) {
  if (words.size() != 5) return std::nullopt;
  auto const number = [&](std::size_t i) { return std::strtoul(words[i], nullptr, 10); };
  auto const server = address::parse(words[0]);
  auto const seconds = std::strtod(words[4], nullptr);
  if (!server || number(1) == 0 || number(2) == 0 || number(3) == 0 || seconds <= 0) return std::nullopt;
  return load{.server = *server,
              .connections = number(1),
              .in_flight = number(2),
              .size = number(3),
              .time = std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000))};
}

}  // namespace

int main(int argc, char** argv) {
  auto const what = parse(std::span(argv, static_cast<std::size_t>(argc)).subspan(1));
  if (!what) {
    std::fputs("usage: gw_epoll_client IP:PORT CONNECTIONS IN_FLIGHT BYTES SECONDS\n", stderr);
    return 2;
  }
  client(*what).run();
}
