#include "net/send_queue.hpp"

#include <algorithm>
#include <cstring>

namespace gw::net {

std::size_t send_queue::room(chunk const& c) noexcept {
  auto const used = c.end + c.marks * sizeof(mark);
  return used >= c.capacity() ? 0 : c.capacity() - used;
}

chunk& send_queue::grow(std::size_t wanted) {
  auto fresh = pool_.take(tail_ == nullptr ? wanted : std::max<std::size_t>(wanted, tail_->size));  // a larger one
  auto* const added = fresh.get();
  if (tail_ != nullptr) {
    tail_->next = std::move(fresh);
  } else {
    head_ = std::move(fresh);
  }
  tail_ = added;
  return *added;
}

void send_queue::append(std::string_view bytes) {
  size_ += bytes.size();
  while (!bytes.empty()) {
    auto& c = tail_ != nullptr && room(*tail_) != 0 ? *tail_ : grow(bytes.size());
    auto const n = std::min(bytes.size(), room(c));
    std::memcpy(c.bytes() + c.end, bytes.data(), n);
    c.end += static_cast<std::uint32_t>(n);
    bytes.remove_prefix(n);
  }
}

void send_queue::begin_message(std::uint64_t seq, std::size_t to_come) {
  // Room for the mark and at least one byte, so that a message begins in the chunk that holds its mark.
  auto& c =
      tail_ != nullptr && room(*tail_) > sizeof(mark) ? *tail_ : grow(sizeof(mark) + std::max<std::size_t>(to_come, 1));
  ++c.marks;
  *(marks_end(c) - c.marks) = {seq, c.end, 0};
}

std::size_t send_queue::gather(std::span<iovec> to) const noexcept {
  std::size_t used = 0;
  for (chunk* c = head_.get(); c != nullptr && used < to.size(); c = c->next.get()) {
    if (c->begin != c->end) to[used++] = {c->bytes() + c->begin, c->end - c->begin};
  }
  return used;
}

void send_queue::sent(std::size_t bytes) noexcept {
  size_ -= bytes;
  while (head_) {
    auto const n = std::min<std::size_t>(bytes, head_->end - head_->begin);
    head_->begin += static_cast<std::uint32_t>(n);
    bytes -= n;
    if (head_->begin != head_->end) return;
    if (auto const marks = marks_of(*head_); !marks.empty()) last_handed_ = marks.front().seq;
    auto next = std::move(head_->next);
    pool_.give_back(std::move(head_));
    head_ = std::move(next);
  }
  tail_ = nullptr;
}

void send_queue::clear() noexcept {
  while (head_) {
    auto next = std::move(head_->next);
    pool_.give_back(std::move(head_));
    head_ = std::move(next);
  }
  tail_ = nullptr;
  size_ = 0;
}

std::uint64_t send_queue::last_handed() const noexcept {
  if (!head_) return last_handed_;
  auto const marks = marks_of(*head_);  // newest first
  auto const handed = std::find_if(marks.begin(), marks.end(), [&](mark const& m) { return m.at < head_->begin; });
  return handed == marks.end() ? last_handed_ : handed->seq;
}

std::size_t send_queue::unsent_messages() const noexcept {
  std::size_t count = 0;
  for (chunk const* c = head_.get(); c != nullptr; c = c->next.get()) {
    for (auto const& m : marks_of(*c)) count += m.at >= c->begin ? 1 : 0;
  }
  return count;
}

std::string send_queue::copy_from(chunk const& c, std::size_t at, std::size_t limit) const {
  std::string copy;
  for (chunk const* from = &c; from != nullptr && copy.size() < limit; from = from->next.get()) {
    copy.append(from->bytes() + at, std::min<std::size_t>(limit - copy.size(), from->end - at));
    at = from->next ? from->next->begin : 0;
  }
  return copy;
}

}  // namespace gw::net
