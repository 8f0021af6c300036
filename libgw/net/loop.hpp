// What one worker thread shares among everything that lives on it. One thread, one loop; nothing in it is locked.
#pragma once

#include "core/chunk_pool.hpp"
#include "core/clock.hpp"
#include "core/counter.hpp"
#include "core/histogram.hpp"
#include "net/awaitable.hpp"
#include "net/poller.hpp"
#include "net/timer_wheel.hpp"
#include "wire/mask_keys.hpp"

#include <boost/asio/post.hpp>

#include <array>
#include <memory>
#include <span>
#include <utility>

namespace gw::net {

/// What a loop counts for whoever asks; null: nobody does.
struct loop_gauges {
  counter* queue_memory = nullptr;       // bytes of the chunks that hold queued output
  bucket_counts* timers_late = nullptr;  // microseconds: a loop that is kept busy is late
};

class loop {
 public:
  explicit loop(clock const& time, loop_gauges seen = {})
      : wheel(io.get_executor(), time, seen.timers_late),
        sockets(io.get_executor(), time),
        chunks(64, seen.queue_memory) {}

  executor where() noexcept { return io.get_executor(); }

  /// Room for the ciphertext of one send; made when the first TLS connection needs it.
  std::span<char> cipher_scratch() {
    constexpr std::size_t size = 80 * 1024;  // 64 KiB of plaintext in 16 KiB records
    if (!cipher_) cipher_.reset(new char[size]);
    return {cipher_.get(), size};
  }

  /// Room for what one read of a handshake brings. Shared: nothing in it survives a suspension.
  std::span<char> handshake_scratch() noexcept { return handshake_; }

  /// Runs `task` soon on the loop's thread. Any thread.
  template <class Task>
  void post(Task&& task) {
    boost::asio::post(io, std::forward<Task>(task));
  }

  /// Serves until nothing is left to do; `main` (the first coroutine) ends with shut_down().
  void run(awaitable<void> main);
  /// The same for a coroutine that is complete in itself; the loop can be run again.
  void run_until_done(awaitable<void> task);

  /// Lets run() return once no coroutine is left.
  void shut_down() noexcept {
    sockets.shut_down();
    wheel.shut_down();
  }

  boost::asio::io_context io{1};
  timer_wheel wheel;
  poller sockets;
  chunk_pool chunks;
  wire::mask_keys keys;
  bool memory_is_short = false;  // of the process: no queue may grow (peer::bounds_changed())

 private:
  std::unique_ptr<char[]> cipher_;
  std::array<char, 16 * 1024> handshake_;  // a TLS record
};

}  // namespace gw::net
