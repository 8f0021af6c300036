#include "net/stream.hpp"

#include "net/tls_engine.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <cerrno>
#include <utility>

namespace gw::net {

namespace asio = boost::asio;

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

struct stream::waiting {
  using socket_type = asio::basic_stream_socket<asio::generic::stream_protocol, executor>;
  waiting(executor where, int family, int fd) : socket(where, asio::generic::stream_protocol(family, 0), fd) {}
  ~waiting() {
    boost::system::error_code ignored;
    if (socket.is_open()) socket.release(ignored);  // the transport owns the descriptor
  }
  socket_type socket;
};

stream::stream(loop& where) noexcept : loop_(where) {}

stream::stream(loop& where, unique_fd fd) : loop_(where), transport_(std::move(fd)) {
  watch(address::of_socket(transport_.descriptor(), true).family());
}

stream::~stream() = default;

void stream::watch(int family) {
  send_small_writes_at_once(transport_.descriptor());
  waiting_ = std::make_unique<waiting>(loop_.where(), family, transport_.descriptor());
}

std::span<char> stream::scratch() {
  return transport_.tls() != nullptr ? loop_.cipher_scratch() : std::span<char>{};
}

awaitable<result<>> stream::wait_readable() {
  if (!is_open()) co_return closed_here();
  constexpr auto token = asio::as_tuple(asio::use_awaitable_t<executor>());
  auto const [failed] = co_await waiting_->socket.async_wait(asio::socket_base::wait_read, token);
  if (std::exchange(interrupted_, false)) co_return error{errc::timeout, side::client, "interrupted", {}};
  if (failed || !is_open()) co_return closed_here();
  co_return result<>();
}

awaitable<result<>> stream::wait_writable() {
  if (!is_open()) co_return closed_here();
  constexpr auto token = asio::as_tuple(asio::use_awaitable_t<executor>());
  auto const [failed] = co_await waiting_->socket.async_wait(asio::socket_base::wait_write, token);
  if (std::exchange(interrupted_, false)) co_return error{errc::timeout, side::client, "interrupted", {}};
  if (failed || !is_open()) co_return closed_here();
  co_return result<>();
}

awaitable<result<>> stream::connect(address to) {
  unique_fd fd(::socket(to.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) co_return failed_with({errno, std::system_category()});
  auto const begun = ::connect(fd.get(), to.data(), to.size());
  auto const why = errno;
  transport_ = transport(std::move(fd));
  watch(to.family());
  if (begun == 0) co_return result<>();
  if (why != EINPROGRESS) {
    close();
    co_return failed_with({why, std::system_category()});
  }
  if (auto waited = co_await wait_writable(); !waited) co_return waited;
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
    auto const read = transport_.receive_ciphertext(cipher);
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
    if (auto waited = co_await wait_writable(); !waited) co_return waited;
  }
  co_return result<>();
}

awaitable<result<std::size_t>> stream::read_some(std::span<char> into) {
  while (is_open()) {
    auto const read = transport_.receive(into);
    if (read.what == io_result::kind::ok) co_return read.bytes;
    if (auto waited = co_await wait_after(read); !waited) co_return waited.error();
  }
  co_return closed_here();
}

awaitable<result<>> stream::append_some(std::string& to) {
  while (is_open()) {
    auto const into = loop_.handshake_scratch();
    auto const read = transport_.receive(into);
    if (read.what == io_result::kind::ok) {
      to.append(into.data(), read.bytes);
      co_return result<>();
    }
    if (auto waited = co_await wait_after(read); !waited) co_return waited;
  }
  co_return closed_here();
}

/// `read` brought nothing: until more may come.
awaitable<result<>> stream::wait_after(io_result read) {
  if (read.what == io_result::kind::closed) co_return closed_here();
  if (read.what == io_result::kind::failed) co_return failed_with(read.cause);
  if (auto flushed = co_await flush(); !flushed || !read.drained) co_return flushed;
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
    if (auto waited = co_await wait_writable(); !waited) co_return waited;
  }
  auto flushed = co_await flush();
  co_return flushed;
}

awaitable<void> stream::finish() {
  if (!is_open()) co_return;
  transport_.shut_down_send(scratch());
  while (is_open()) {
    // Not decrypted: a failed TLS connection, too, is drained, or the kernel's reset would overtake our alert.
    auto const read = transport_.receive_ciphertext(loop_.handshake_scratch());
    if (read.what == io_result::kind::closed || read.what == io_result::kind::failed) co_return;
    if (read.what == io_result::kind::ok) continue;
    if (auto const waited = co_await wait_readable(); !waited) co_return;
  }
}

void stream::close() noexcept {
  waiting_.reset();
  transport_.close();
}

void stream::interrupt() noexcept {
  interrupted_ = true;
  boost::system::error_code ignored;
  if (waiting_) waiting_->socket.cancel(ignored);
}

transport stream::release() noexcept {
  waiting_.reset();
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
