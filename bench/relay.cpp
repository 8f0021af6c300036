// gw_relay UPSTREAM...: the floor of bench/compare, the least that anybody in the middle does on this kernel.
// One upstream: what recv brings is sent on as it is. Several: each client is connected to all of them and its frames
// go to them in turn, as `wsgw bench --service a --service b` sends; of a frame nothing but its length is read.
// One thread, edge-triggered epoll, one read buffer. What a socket does not take waits; who sends to it is not read.
#include "tunnel.hpp"

#include "net/address.hpp"
#include "net/read_buffer.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using gw::net::address;
using gw::net::unique_fd;
using bytes = std::string_view;

constexpr std::size_t large = 8 * 1024;  // from here on a send of its own is cheaper than a copy
constexpr int most_reads = 4;            // of one socket in a turn
constexpr std::size_t largest_head = 16 * 1024;

[[noreturn]] void fail(char const* what) {
  std::fprintf(stderr, "gw_relay: %s: %s\n", what, std::strerror(errno));
  std::exit(1);
}

class relay {
 public:
  explicit relay(std::vector<address> upstreams) : upstreams_(std::move(upstreams)) {
    if (!epoll_) fail("epoll_create1");
    auto const any_port = *address::parse("127.0.0.1:0");
    if (!listener_ || ::bind(listener_.get(), any_port.data(), any_port.size()) != 0 ||
        ::listen(listener_.get(), SOMAXCONN) != 0)
      fail("listen");
    watch(listener_, EPOLLIN, nullptr);
    std::printf("{\"event\":\"listening\",\"address\":\"%s\"}\n",
                address::of_socket(listener_.get(), true).text().c_str());
    std::fflush(stdout);
  }

  [[noreturn]] void run() {
    std::array<epoll_event, 512> events;
    std::vector<tunnel*> serving;
    for (;;) {
      auto const n = ::epoll_wait(epoll_.get(), events.data(), events.size(), ready_.empty() ? -1 : 0);
      for (auto const& e : std::span(events).first(static_cast<std::size_t>(std::max(n, 0)))) {
        if (e.data.ptr == nullptr) {
          accept();
        } else {
          note(e.events, *static_cast<side*>(e.data.ptr));
        }
      }
      serving.swap(ready_);
      for (auto* const t : serving) serve(*t);
      serving.clear();
    }
  }

 private:
  static unique_fd make_socket(int family) {
    return unique_fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  }

  void watch(unique_fd const& socket, std::uint32_t what, side* of) {
    epoll_event e{.events = what, .data = {.ptr = of}};
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, socket.get(), &e) != 0) fail("epoll_ctl");
  }

  void accept() {
    unique_fd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!client) {
      if (errno == EMFILE || errno == ENFILE) fail("accept");
      return;  // it has gone already
    }
    auto& t = *tunnels_.emplace_back(std::make_unique<tunnel>());
    t.place = tunnels_.size() - 1;
    t.sides.reserve(1 + upstreams_.size());
    t.sides.emplace_back(t, std::move(client));
    for (auto const& to : upstreams_) {
      auto& upstream = t.sides.emplace_back(t, make_socket(to.family()));
      // While it connects it takes nothing, so that everything waits as it does for a full one.
      if (::connect(upstream.socket.get(), to.data(), to.size()) != 0 && errno != EINPROGRESS) fail("connect");
    }
    for (auto& s : t.sides) {
      int const on = 1;
      ::setsockopt(s.socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      watch(s.socket, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, &s);
    }
  }

  void note(std::uint32_t events, side& at) {
    at.readable = at.readable || (events & ~std::uint32_t{EPOLLOUT}) != 0;
    at.ends = at.ends || (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    if ((events & EPOLLOUT) != 0) at.full = false;
    queue(at.of);
  }

  void queue(tunnel& t) {
    if (!std::exchange(t.queued, true)) ready_.push_back(&t);
  }

  void serve(tunnel& t) {
    t.queued = false;
    for (auto& s : t.sides) flush(s);
    for (auto& s : t.sides) read(s);
    for (auto& s : t.sides) flush(s);
    auto const waits = [](side const& s) { return !s.waiting.empty(); };
    auto const goes_on = [&](side const& s) { return s.readable && t.may_read(s); };
    if (t.over && std::none_of(t.sides.begin(), t.sides.end(), waits)) return end(t);
    if (std::any_of(t.sides.begin(), t.sides.end(), goes_on)) queue(t);
  }

  void end(tunnel& t) {
    tunnels_.back()->place = t.place;
    std::swap(tunnels_[t.place], tunnels_.back());
    tunnels_.pop_back();
  }

  void read(side& from) {
    auto const buffer = buffer_.bytes();
    for (int reads = 0; reads < most_reads && from.readable && from.of.may_read(from); ++reads) {
      auto const n = ::recv(from.socket.get(), buffer.data(), buffer.size(), 0);
      if (n <= 0) {
        bool const drained = n < 0 && errno == EAGAIN;
        from.readable = !drained;
        from.of.over = !drained;
        return;
      }
      auto const size = static_cast<std::size_t>(n);
      // A short read has emptied the socket; the next byte is an edge, unless the last edge told of the end.
      from.readable = size == buffer.size() || from.ends;
      pass(from, {buffer.data(), size});
    }
  }

  static void pass(side& from, bytes read) {
    auto& t = from.of;
    bool const is_client = &from == &t.sides[0];
    if (!t.spreads()) return deliver(t.sides[is_client ? 1 : 0], read);
    if (t.answers < t.sides.size() - 1) return shake_hands(from, read);
    return is_client ? deal(from, read) : collect(from, read);
  }

  /// All upstreams get the client's request, so their answers are the same: the client gets the last one.
  static void shake_hands(side& from, bytes part) {
    auto& t = from.of;
    if (&from == &t.sides[0]) {
      for (auto& upstream : std::span(t.sides).subspan(1)) deliver(upstream, part);
      return;
    }
    from.response += part;
    auto const end = from.response.find("\r\n\r\n");
    if (end == std::string::npos) {
      t.over = from.response.size() > largest_head;
    } else if (end + 4 != from.response.size()) {
      t.over = true;  // it speaks before all others have answered, which a relay without memory cannot carry
    } else if (++t.answers == t.sides.size() - 1) {
      deliver(t.sides[0], from.response);
    }
  }

  static void deal(side& client, bytes read) {
    auto& t = client.of;
    while (!read.empty()) {
      auto const n = client.frames.take(read);
      deliver(t.sides[t.turn], read.substr(0, n));
      read.remove_prefix(n);
      if (client.frames.at_boundary() && ++t.turn == t.sides.size()) t.turn = 1;
    }
  }

  static void collect(side& upstream, bytes read) {
    auto& t = upstream.of;
    deliver(t.sides[0], read);
    while (!read.empty()) read.remove_prefix(upstream.frames.take(read));
    t.talking = upstream.frames.at_boundary() ? nullptr : &upstream;
  }

  /// Sends at once what is alone or large; the rest in one piece at the end of the tunnel's turn.
  static void deliver(side& to, bytes part) {
    if (!to.of.spreads() || part.size() >= large) {
      flush(to);
      if (to.waiting.empty()) part.remove_prefix(send(to, part));
    }
    to.waiting += part;
  }

  static void flush(side& to) {
    if (to.waiting.empty()) return;
    to.taken += send(to, bytes(to.waiting).substr(to.taken));
    if (to.taken < to.waiting.size()) return;
    to.waiting.clear();
    to.taken = 0;
  }

  static std::size_t send(side& to, bytes part) {
    if (to.full) return 0;
    auto const n = ::send(to.socket.get(), part.data(), part.size(), MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN) {
      to.of.over = true;
      return part.size();  // nobody is there to read it
    }
    auto const sent = static_cast<std::size_t>(std::max<ssize_t>(n, 0));
    to.full = sent < part.size();
    return sent;
  }

  std::vector<address> upstreams_;
  unique_fd epoll_{::epoll_create1(EPOLL_CLOEXEC)};
  unique_fd listener_ = make_socket(AF_INET);
  gw::net::read_buffer buffer_;
  std::vector<std::unique_ptr<tunnel>> tunnels_;
  std::vector<tunnel*> ready_;
};

int usage() {
  std::fputs("usage: gw_relay UPSTREAM...   (IP:PORT)\n", stderr);
  return 2;
}

void raise_descriptor_limit() {
  rlimit descriptors{};
  ::getrlimit(RLIMIT_NOFILE, &descriptors);
  descriptors.rlim_cur = descriptors.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &descriptors);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<address> upstreams;
  for (auto const* const text : std::span(argv, static_cast<std::size_t>(argc)).subspan(1)) {
    auto const parsed = address::parse(text);
    if (!parsed) return usage();
    upstreams.push_back(*parsed);
  }
  if (upstreams.empty()) return usage();
  raise_descriptor_limit();
  relay(std::move(upstreams)).run();
}
