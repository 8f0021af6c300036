// Output that waits for one socket: whole frames in pooled chunks, in order, counted in bytes. Owned by a peer.
// It also remembers where messages begin and which number (`seq`) each has, so that after a failure the exact last
// message that was handed over is known; the record lies in the chunk itself, so an idle peer owns nothing.
#pragma once

#include "core/chunk_pool.hpp"

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace gw::net {

/// One thread. The pool must outlive it.
class send_queue {
 public:
  explicit send_queue(chunk_pool& pool) noexcept : pool_(pool) {}
  ~send_queue() { clear(); }
  send_queue(send_queue const&) = delete;
  send_queue& operator=(send_queue const&) = delete;

  /// Appends a copy. Bounds are the caller's: it stops reading its source in time.
  void append(std::string_view bytes);

  /// The next byte appended begins message `seq` (rising). `to_come`: how much will be appended now, with whatever
  /// follows the message, so that it lies together; a hint.
  void begin_message(std::uint64_t seq, std::size_t to_come);
  /// Message `seq` went to the socket past this queue (which is empty).
  void handed_directly(std::uint64_t seq) noexcept { last_handed_ = seq; }

  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }

  /// Fills `to` with what waits, in order; returns the parts used.
  std::size_t gather(std::span<iovec> to) const noexcept;
  /// The first `bytes` bytes were sent.
  void sent(std::size_t bytes) noexcept;
  void clear() noexcept;

  /// Number of the last message whose first byte was handed over; 0 if there is none.
  std::uint64_t last_handed() const noexcept;
  /// Messages begun in the queue whose first byte still waits.
  std::size_t unsent_messages() const noexcept;
  /// Calls visit(seq, first_bytes) for each of those in order; `limit` bytes at most from each message's start (they
  /// may run into the next message).
  template <class Visitor>
  void for_each_unsent(std::size_t limit, Visitor&& visit) const;

 private:
  struct mark {
    std::uint64_t seq;
    std::uint32_t at;  // offset in the chunk's bytes
    std::uint32_t unused;
  };

  static mark* marks_end(chunk const& c) noexcept;
  static std::span<mark const> marks_of(chunk const& c) noexcept;
  static std::size_t room(chunk const& c) noexcept;
  chunk& grow(std::size_t wanted);
  std::string copy_from(chunk const& c, std::size_t at, std::size_t limit) const;

  chunk_pool& pool_;
  std::unique_ptr<chunk> head_;
  chunk* tail_ = nullptr;
  std::size_t size_ = 0;
  std::uint64_t last_handed_ = 0;
};

inline send_queue::mark* send_queue::marks_end(chunk const& c) noexcept {
  // Marks grow downwards from the aligned end of the chunk.
  auto const end = reinterpret_cast<std::uintptr_t>(&c) + c.size;
  return reinterpret_cast<mark*>(end);
}

inline std::span<send_queue::mark const> send_queue::marks_of(chunk const& c) noexcept {
  return {marks_end(c) - c.marks, c.marks};
}

template <class Visitor>
void send_queue::for_each_unsent(std::size_t limit, Visitor&& visit) const {
  for (chunk const* c = head_.get(); c != nullptr; c = c->next.get()) {
    auto const marks = marks_of(*c);
    for (auto m = marks.rbegin(); m != marks.rend(); ++m) {
      if (m->at >= c->begin) visit(m->seq, copy_from(*c, m->at, limit));
    }
  }
}

}  // namespace gw::net
