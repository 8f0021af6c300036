#include "net/transport.hpp"

#include "net/tls_engine.hpp"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <utility>

namespace gw::net {
namespace {

socket_calls& system_calls() noexcept {
  // tidy: global: has no state
  static socket_calls calls;
  return calls;
}

std::error_code last_error() noexcept {
  return {errno, std::system_category()};
}

io_result failed(std::error_code cause) noexcept {
  return {.what = io_result::kind::failed, .drained = true, .blocked = true, .cause = cause};
}

}  // namespace

ssize_t socket_calls::receive(int fd, char* to, std::size_t size) noexcept {
  return ::recv(fd, to, size, MSG_DONTWAIT);
}

ssize_t socket_calls::send(int fd, iovec const* from, std::size_t count) noexcept {
  if (count == 1) return ::send(fd, from->iov_base, from->iov_len, MSG_NOSIGNAL | MSG_DONTWAIT);
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(from);
  message.msg_iovlen = count;
  return ::sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/// What only a TLS connection needs.
struct transport::secure {
  explicit secure(std::unique_ptr<tls_engine> e) noexcept : engine(std::move(e)) {}
  std::unique_ptr<tls_engine> engine;
  std::string unread;             // ciphertext received whose plaintext did not fit
  bool more_inside = false;       // decrypting gives more without new ciphertext
  std::optional<io_result> over;  // the peer said goodbye, or broke the protocol
  std::string unsent;             // ciphertext that the socket refused
};

transport::transport() noexcept : calls_(&system_calls()) {}
transport::transport(unique_fd fd, socket_calls* calls) noexcept
    : fd_(std::move(fd)), calls_(calls != nullptr ? calls : &system_calls()) {}
transport::transport(unique_fd fd, std::unique_ptr<tls_engine> tls) noexcept
    : fd_(std::move(fd)), calls_(&system_calls()), secure_(std::make_unique<secure>(std::move(tls))) {}
transport::transport(transport&&) noexcept = default;
transport& transport::operator=(transport&&) noexcept = default;
transport::~transport() = default;

tls_engine* transport::tls() noexcept {
  return secure_ ? secure_->engine.get() : nullptr;
}

std::uint64_t transport::acknowledged() const noexcept {
  int waiting = 0;
  if (::ioctl(fd_.get(), SIOCOUTQ, &waiting) != 0) return 0;
  return handed_ - std::min<std::uint64_t>(handed_, static_cast<unsigned>(waiting));
}

io_result transport::receive(std::span<char> into) {
  return secure_ ? receive_secure(into) : receive_raw(into);
}

io_result transport::send(std::span<iovec const> plain, std::span<char> scratch) {
  return secure_ ? send_secure(plain, scratch) : send_raw(plain);
}

io_result transport::receive_raw(std::span<char> into) noexcept {
  for (;;) {
    auto const n = calls_->receive(fd_.get(), into.data(), into.size());
    if (n > 0) {
      auto const bytes = static_cast<std::size_t>(n);
      return {.what = io_result::kind::ok, .bytes = bytes, .drained = bytes < into.size()};
    }
    if (n == 0) return {.what = io_result::kind::closed, .drained = true};
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return {.drained = true};
    return failed(last_error());
  }
}

io_result transport::send_raw(std::span<iovec const> from) noexcept {
  if (from.empty()) return {.what = io_result::kind::ok};
  std::size_t total = 0;
  for (auto const& part : from) total += part.iov_len;
  for (;;) {
    auto const n = calls_->send(fd_.get(), from.data(), from.size());
    if (n >= 0) {
      auto const bytes = static_cast<std::size_t>(n);
      handed_ += bytes;
      return {.what = io_result::kind::ok, .bytes = bytes, .blocked = bytes < total};
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return {.blocked = true};
    return failed(last_error());
  }
}

io_result transport::receive_secure(std::span<char> into) {
  auto& tls = *secure_;
  // A large buffer holds both: ciphertext behind the room of one record, decrypted towards the front.
  std::array<char, 4096> small;
  bool const in_place = into.size() >= 4 * tls_engine::max_plaintext;
  auto const room = in_place ? into.subspan(tls_engine::max_plaintext) : std::span<char>(small);
  if (tls.over) return *tls.over;
  bool const resumed = tls.more_inside || !tls.unread.empty();
  std::string const kept = std::exchange(tls.unread, {});
  std::span<char const> cipher = kept;
  bool drained = false;
  if (!resumed) {
    auto const read = receive_raw(room);
    if (read.what != io_result::kind::ok) return read;
    cipher = room.first(read.bytes);
    drained = read.drained;
  }
  std::size_t written = 0;
  auto const came = cipher.size();
  auto const status = tls.engine->decrypt(cipher, into, written);
  tls.more_inside = status == tls_status::ok;
  if (tls.more_inside) tls.unread.assign(cipher.data(), cipher.size());
  // What ends the connection is told by the call after the last bytes, and by every later one.
  if (status == tls_status::failed) tls.over = failed(std::make_error_code(std::errc::protocol_error));
  if (status == tls_status::closed) tls.over = io_result{.what = io_result::kind::closed, .drained = true};
  drained = drained && !tls.more_inside && !tls.over;
  if (written != 0) return {.what = io_result::kind::ok, .bytes = written, .drained = drained};
  if (tls.over) return *tls.over;
  return {.bytes = came};  // only the next call knows whether the end of input lies behind it
}

io_result transport::send_unsent() {
  auto& unsent = secure_->unsent;
  iovec const one{unsent.data(), unsent.size()};
  auto const sent = send_raw({&one, 1});
  if (sent.what == io_result::kind::ok) unsent.erase(0, sent.bytes);
  if (unsent.empty()) std::string().swap(unsent);
  return sent;
}

io_result transport::send_secure(std::span<iovec const> plain, std::span<char> scratch) {
  auto& tls = *secure_;
  if (!tls.unsent.empty()) {
    auto const sent = send_unsent();
    if (sent.what != io_result::kind::ok || sent.blocked) {
      return {.what = sent.what, .blocked = true, .cause = sent.cause};
    }
  }
  std::size_t filled = tls.engine->take_output(scratch);
  std::size_t taken = 0;
  bool stuck = false;  // until the peer has finished a message of the protocol's own
  for (auto const& part : plain) {
    std::span<char const> rest(static_cast<char const*>(part.iov_base), part.iov_len);
    while (!rest.empty()) {
      std::size_t consumed = 0;
      std::size_t produced = 0;
      auto const status = tls.engine->encrypt(rest, consumed, scratch.subspan(filled), produced);
      if (status == tls_status::failed) return failed(std::make_error_code(std::errc::protocol_error));
      filled += produced;
      taken += consumed;
      rest = rest.subspan(consumed);
      stuck = status == tls_status::want_input || status == tls_status::closed;
      if (consumed == 0) break;
    }
    if (!rest.empty()) break;
  }
  if (filled == 0) return {.what = io_result::kind::ok, .blocked = stuck};
  iovec const one{scratch.data(), filled};
  auto const sent = send_raw({&one, 1});
  if (sent.what == io_result::kind::failed) return sent;
  if (sent.bytes < filled) tls.unsent.assign(scratch.data() + sent.bytes, filled - sent.bytes);
  return {.what = io_result::kind::ok, .bytes = taken, .blocked = sent.blocked};
}

void transport::keep_unread(std::string_view cipher) {
  secure_->unread.append(cipher);
}

bool transport::has_unsent() const noexcept {
  return secure_ && (!secure_->unsent.empty() || secure_->engine->has_output());
}

std::size_t transport::unsent_bytes() const noexcept {
  return secure_ ? secure_->unsent.size() : 0;
}

void transport::shut_down_send(std::span<char> scratch) noexcept {
  if (!fd_) return;
  if (secure_) {
    secure_->engine->close_notify();
    send_secure({}, scratch);
  }
  ::shutdown(fd_.get(), SHUT_WR);
}

}  // namespace gw::net
