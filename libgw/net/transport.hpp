// A connected, non-blocking socket as the data path sees it: plain or TLS behind one type, synchronous, without Asio.
// The coroutines before the upgrade use it through net/stream; afterwards it belongs to a net/peer.
#pragma once

#include "net/unique_fd.hpp"

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

namespace gw::net {

class tls_engine;

struct io_result {
  enum class kind : std::uint8_t {
    ok,           // `bytes` were moved
    would_block,  // nothing now; the poller will say when, if it is drained. `bytes` were TLS's own affair
    closed,       // receive: the peer finished sending in an orderly way
    failed,       // the connection is gone; `cause` says why
  };
  kind what = kind::would_block;
  std::size_t bytes = 0;
  bool drained = false;  // receive: the socket has nothing more for now, so another call would be wasted
  bool blocked = false;  // send: the socket is full, or TLS must be read first: until then a call would be wasted
  std::error_code cause{};
};

/// The two system calls of the data path. Tests inject one that fails at the n-th call.
class socket_calls {
 public:
  virtual ~socket_calls() = default;
  virtual ssize_t receive(int fd, char* to, std::size_t size) noexcept;
  virtual ssize_t send(int fd, iovec const* from, std::size_t count) noexcept;
};

class transport {
 public:
  transport() noexcept;
  /// Takes a plain socket over. `calls` null = the system's.
  explicit transport(unique_fd fd, socket_calls* calls = nullptr) noexcept;
  /// Takes a socket over whose bytes `tls` makes and reads; its handshake is done or still to be done.
  transport(unique_fd fd, std::unique_ptr<tls_engine> tls) noexcept;
  transport(transport&&) noexcept;
  transport& operator=(transport&&) noexcept;
  ~transport();

  /// Reads into `into` (TLS: at least 2 bytes, and only the front of it carries plaintext afterwards).
  io_result receive(std::span<char> into);

  /// Sends from the front of `plain` in one system call; `bytes` of it are done with (sent, or encrypted and kept
  /// here). With TLS `scratch` holds the ciphertext of this call, and nothing is taken while more than that waits
  /// unsent.
  io_result send(std::span<iovec const> plain, std::span<char> scratch);

  /// Something waits to be sent that send({}) would send: ciphertext, an alert, a key update.
  bool has_unsent() const noexcept;
  std::size_t unsent_bytes() const noexcept;

  /// Sends TLS's goodbye if there is one, then FIN.
  void shut_down_send(std::span<char> scratch) noexcept;

  /// Bytes that the kernel took from us (with TLS: ciphertext), and how many of them the peer's kernel has
  /// acknowledged.
  std::uint64_t handed() const noexcept { return handed_; }
  std::uint64_t acknowledged() const noexcept;

  int descriptor() const noexcept { return fd_.get(); }
  bool is_open() const noexcept { return static_cast<bool>(fd_); }
  tls_engine* tls() noexcept;
  /// For TLS handshakes: what the socket has, undecrypted; and ciphertext that came behind the handshake.
  io_result receive_ciphertext(std::span<char> into) noexcept { return receive_raw(into); }
  void keep_unread(std::string_view cipher);
  void close() noexcept { fd_.reset(); }
  /// Gives the descriptor away without closing it.
  unique_fd take_descriptor() noexcept { return std::move(fd_); }

 private:
  struct secure;

  io_result receive_raw(std::span<char> into) noexcept;
  io_result send_raw(std::span<iovec const> from) noexcept;
  io_result receive_secure(std::span<char> into);
  io_result send_secure(std::span<iovec const> plain, std::span<char> scratch);
  io_result send_unsent();

  unique_fd fd_;
  socket_calls* calls_;
  std::unique_ptr<secure> secure_;
  std::uint64_t handed_ = 0;
};

}  // namespace gw::net
