// A connection before its upgrade: the same transport as afterwards, in the same poller, with coroutines that wait for
// it. Handshakes and HTTP heads are read and written here; then a peer takes the connection over.
#pragma once

#include "core/error.hpp"
#include "net/address.hpp"
#include "net/awaitable.hpp"
#include "net/event.hpp"
#include "net/loop.hpp"
#include "net/transport.hpp"

#include <memory>
#include <span>
#include <string_view>

namespace gw::net {

/// One thread; one operation at a time; connect() not while it is open. close() from outside (a deadline, a teardown)
/// ends a pending operation with an error.
class stream final : private pollable {
 public:
  /// Not connected yet.
  explicit stream(loop& where) noexcept;
  /// An accepted socket. Throws std::system_error if the kernel has no memory to watch it.
  stream(loop& where, unique_fd fd);
  ~stream();
  stream(stream const&) = delete;
  stream& operator=(stream const&) = delete;

  awaitable<result<>> connect(address to);
  /// Wraps the connection in TLS and shakes hands, as the role the engine was made for. errc::bad_handshake says in
  /// OpenSSL's words why not; the connection is plain again if the peer had not spoken TLS but HTTP, so that it can be
  /// told (tls() is null then).
  awaitable<result<>> secure(std::unique_ptr<tls_engine> engine);
  /// Null: plain.
  tls_engine const* tls() noexcept { return transport_.tls(); }

  /// At least one byte; errc::closed at the end of input. TLS needs room for 2 bytes or more, better 16 KiB.
  awaitable<result<std::size_t>> read_some(std::span<char> into);
  /// The same at the end of `to`. Who waits here for long keeps no buffer.
  awaitable<result<>> append_some(std::string& to);
  awaitable<result<>> write(std::string_view all);

  /// Waits for the peer's FIN after ours, dropping what still comes.
  awaitable<void> finish();

  void close() noexcept;
  /// Ends a pending operation, or the next that waits, with an error, but keeps the connection: one may have to speak.
  void interrupt() noexcept;
  int descriptor() const noexcept { return transport_.descriptor(); }
  bool is_open() const noexcept { return transport_.is_open(); }

  /// The connection, no longer watched. The stream is empty afterwards.
  transport release() noexcept;
  /// The same, watched for `heir` from now on. Fails with nothing changed.
  result<transport> hand_over(pollable& heir);

 private:
  std::size_t on_ready(std::span<char>) override;
  void on_flush() override;

  std::span<char> scratch();
  awaitable<result<>> wait_readable();
  awaitable<result<>> wait_writable();
  awaitable<result<>> wait_for(bool const& edge);
  awaitable<result<>> flush();
  awaitable<result<>> wait_after(io_result read);
  awaitable<result<>> settle(io_result read);
  io_result receive(std::span<char> into);
  io_result noted(io_result read) noexcept;
  result<> watch();

  loop& loop_;
  transport transport_;
  event edge_;
  bool interrupted_ = false;
};

/// Closes a stream, or interrupts what it is doing, when time is up. RAII: gone means called off.
class deadline {
 public:
  enum class action : std::uint8_t { close, interrupt };

  deadline(loop& where, stream& what, duration after, action then = action::close);
  bool passed() const noexcept { return passed_; }

 private:
  stream& stream_;
  action then_;
  bool passed_ = false;
  timer timer_;
};

}  // namespace gw::net
