#include "net/stream.hpp"

#include "net/tls_engine.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <cassert>
#include <cerrno>
#include <system_error>
#include <utility>

namespace gw::net {

namespace {

error closed_here() {
  return {errc::closed, side::gateway, "connection closed", {}};
}
error failed_with(std::error_code cause) {
  return {errc::io, side::gateway, "", cause};
}

void send_small_writes_at_once(int fd) noexcept {
  int const on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // refused by UNIX sockets, which need none
}

}  // namespace

stream::stream(loop& where) noexcept : loop_(where), edge_(where.where()) {
  goes_first_ = true;
}

stream::stream(loop& where, unique_fd fd) : stream(where) {
  transport_ = transport(std::move(fd));
  send_small_writes_at_once(transport_.descriptor());
  if (auto watched = watch(); !watched) {
    transport_.close();
    throw std::system_error(watched.error().cause, "a connection cannot be watched");
  }
}

stream::~stream() {
  close();
}

result<> stream::watch() {
  return loop_.sockets.add(transport_.descriptor(), *this);
}

std::size_t stream::on_ready(std::span<char>) {
  edge_.set();
  return 0;
}

void stream::on_flush() {
  edge_.set();
}

std::span<char> stream::scratch() {
  return transport_.tls() != nullptr ? loop_.cipher_scratch() : std::span<char>{};
}

awaitable<result<>> stream::wait_readable() {
  return wait_for(may_be_readable_);
}

awaitable<result<>> stream::wait_writable() {
  return wait_for(may_be_writable_);
}

awaitable<result<>> stream::wait_for(bool const& edge) {
  while (is_open() && !interrupted_ && !edge) {
    edge_.clear();
    co_await edge_.wait();
  }
  if (std::exchange(interrupted_, false)) co_return error{errc::timeout, side::client, "interrupted", {}};
  if (!is_open()) co_return closed_here();
  co_return result<>();
}

/// TLS may have kept something, of which the poller knows nothing.
io_result stream::receive(std::span<char> into) {
  if (!may_be_readable_ && transport_.tls() == nullptr) return {.what = io_result::kind::would_block, .drained = true};
  return noted(transport_.receive(into));
}

/// A short read means that nothing is left, unless the end of input lies behind it.
io_result stream::noted(io_result read) noexcept {
  using kind = io_result::kind;
  bool const speaks_of_the_socket = read.what == kind::would_block || (read.what == kind::ok && !hung_up_);
  if (read.drained && speaks_of_the_socket) may_be_readable_ = false;
  return read;
}

awaitable<result<>> stream::connect(address to) {
  assert(!is_open());
  unique_fd fd(::socket(to.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) co_return failed_with({errno, std::system_category()});
  send_small_writes_at_once(fd.get());
  auto const begun = ::connect(fd.get(), to.data(), to.size());
  if (begun != 0 && errno != EINPROGRESS) co_return failed_with({errno, std::system_category()});
  transport_ = transport(std::move(fd));
  may_be_readable_ = false;
  may_be_writable_ = begun == 0;
  hung_up_ = false;
  if (auto watched = watch(); !watched) {
    transport_.close();
    co_return watched;
  }
  if (auto waited = co_await wait_writable(); !waited) co_return waited;
  if (!hung_up_) co_return result<>();
  int failure = 0;
  socklen_t size = sizeof failure;
  ::getsockopt(transport_.descriptor(), SOL_SOCKET, SO_ERROR, &failure, &size);
  if (failure != 0) {
    close();
    co_return failed_with({failure, std::system_category()});
  }
  co_return result<>();
}

awaitable<result<>> stream::secure(std::unique_ptr<tls_engine> engine) {
  if (!is_open()) co_return closed_here();
  auto& tls = *engine;
  transport_ = transport(transport_.take_descriptor(), std::move(engine));
  std::string kept;
  for (;;) {
    std::span<char const> input = kept;
    auto const status = tls.handshake(input);
    kept.erase(0, kept.size() - input.size());
    // Also a failed handshake has something to say: the alert.
    auto const flushed = co_await flush();
    if (status == tls_status::failed) {
      error why{errc::bad_handshake, side::gateway, "TLS: " + std::string(tls.failure()), {}};
      if (tls.heard_plain_http()) transport_ = transport(transport_.take_descriptor());
      co_return why;
    }
    if (!flushed) co_return flushed;
    if (tls.established()) {
      transport_.keep_unread(kept);
      co_return result<>();
    }
    auto const cipher = loop_.handshake_scratch();
    auto const read = noted(transport_.receive_ciphertext(cipher));
    if (read.what == io_result::kind::closed) co_return closed_here();
    if (read.what == io_result::kind::failed) co_return failed_with(read.cause);
    if (read.what == io_result::kind::would_block) {
      if (auto waited = co_await wait_readable(); !waited) co_return waited;
    }
    kept.append(cipher.data(), read.bytes);
  }
}

awaitable<result<>> stream::flush() {
  while (is_open() && transport_.has_unsent()) {
    auto const sent = transport_.send({}, scratch());
    if (sent.what == io_result::kind::failed) co_return failed_with(sent.cause);
    if (!sent.blocked) continue;
    may_be_writable_ = false;
    if (auto waited = co_await wait_writable(); !waited) co_return waited;
  }
  co_return result<>();
}

awaitable<result<std::size_t>> stream::read_some(std::span<char> into) {
  while (is_open()) {
    auto const read = receive(into);
    if (read.what == io_result::kind::ok) co_return read.bytes;
    if (auto waited = co_await wait_after(read); !waited) co_return waited.error();
  }
  co_return closed_here();
}

awaitable<result<>> stream::append_some(std::string& to) {
  while (is_open()) {
    auto const into = loop_.handshake_scratch();
    auto const read = receive(into);
    if (read.what == io_result::kind::ok) {
      to.append(into.data(), read.bytes);
      co_return result<>();
    }
    if (auto waited = co_await wait_after(read); !waited) co_return waited;
  }
  co_return closed_here();
}

/// `read` brought nothing: until more may come. Mostly there is only to wait, which needs no frame of its own.
awaitable<result<>> stream::wait_after(io_result read) {
  bool const only_waits = read.what == io_result::kind::would_block && read.drained && !transport_.has_unsent();
  return only_waits ? wait_readable() : settle(read);
}

awaitable<result<>> stream::settle(io_result read) {
  if (read.what == io_result::kind::closed) co_return closed_here();
  if (read.what == io_result::kind::failed) co_return failed_with(read.cause);
  if (transport_.has_unsent()) {
    if (auto flushed = co_await flush(); !flushed) co_return flushed;
  }
  if (!read.drained) co_return result<>();
  auto waited = co_await wait_readable();
  co_return waited;
}

awaitable<result<>> stream::write(std::string_view all) {
  while (!all.empty()) {
    if (!is_open()) co_return closed_here();
    iovec const part{const_cast<char*>(all.data()), all.size()};
    auto const sent = transport_.send({&part, 1}, scratch());
    if (sent.what == io_result::kind::failed) co_return failed_with(sent.cause);
    all.remove_prefix(sent.bytes);
    if (!sent.blocked) continue;
    may_be_writable_ = false;
    if (auto waited = co_await wait_writable(); !waited) co_return waited;
  }
  if (!transport_.has_unsent()) co_return result<>();
  auto flushed = co_await flush();
  co_return flushed;
}

awaitable<void> stream::finish() {
  if (!is_open()) co_return;
  transport_.shut_down_send(scratch());
  while (is_open()) {
    if (auto const waited = co_await wait_readable(); !waited) co_return;
    // Not decrypted: a failed TLS connection, too, is drained, or the kernel's reset would overtake our alert.
    auto const read = noted(transport_.receive_ciphertext(loop_.handshake_scratch()));
    if (read.what == io_result::kind::closed || read.what == io_result::kind::failed) co_return;
  }
}

void stream::close() noexcept {
  if (!is_open()) return;
  loop_.sockets.remove(transport_.descriptor(), *this);
  transport_.close();
  edge_.set();
}

void stream::interrupt() noexcept {
  interrupted_ = true;
  edge_.set();
}

transport stream::release() noexcept {
  if (is_open()) loop_.sockets.remove(transport_.descriptor(), *this);
  return std::move(transport_);
}

result<transport> stream::hand_over(pollable& heir) {
  if (!is_open()) return closed_here();
  if (auto handed = loop_.sockets.hand_over(transport_.descriptor(), *this, heir); !handed) return handed.error();
  return std::move(transport_);
}

deadline::deadline(loop& where, stream& what, duration after, action then)
    : stream_(what),
      then_(then),
      timer_(
          where.wheel,
          [](void* self) {
            auto& d = *static_cast<deadline*>(self);
            d.passed_ = true;
            d.then_ == action::close ? d.stream_.close() : d.stream_.interrupt();
          },
          this) {
  timer_.start(after);
}

}  // namespace gw::net
