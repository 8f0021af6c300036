#include "instruments/chaos_pipe.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

namespace gw::testbed {
namespace {

constexpr std::size_t most_held = 1024 * 1024;
constexpr std::size_t read_size = 16 * 1024;

net::unique_fd another(int fd) {
  return net::unique_fd(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
}

void reset_on_close(int fd) {
  linger const at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

}  // namespace

chaos_pipe::chaos_pipe(net::loop& on, chaos_plan const& plan, chaos_dice dice, chaos_counts& counts,
                       net::unique_fd from, net::unique_fd to, std::function<void()> reset)
    : loop_(on),
      plan_(plan),
      dice_(std::move(dice)),
      counts_(counts),
      from_(on, std::move(from)),
      to_(on, std::move(to)),
      reset_(std::move(reset)),
      more_(on.where()),
      room_(on.where()) {}

net::awaitable<void> chaos_pipe::fill() {
  std::string buffer(read_size, '\0');
  time_point last_due{};
  while (!cut_) {
    auto const read = co_await from_.read_some(buffer);
    if (!read) {
      if (read.error().code != errc::closed) reset_();
      break;
    }
    auto bytes = buffer.substr(0, *read);
    counts_.flips += dice_.damage(bytes);
    last_due = std::max(last_due, loop_.wheel.now() + dice_.delay());
    held_bytes_ += bytes.size();
    held_.push_back({last_due, std::move(bytes)});
    more_.set();
    while (held_bytes_ > most_held && !cut_) {
      room_.clear();
      co_await room_.wait();
    }
  }
  finished_ = true;
  more_.set();
}

net::awaitable<void> chaos_pipe::drain() {
  for (;;) {
    while (held_.empty() && !finished_ && !cut_) {
      more_.clear();
      co_await more_.wait();
    }
    if (cut_) co_return;
    if (held_.empty()) break;
    auto const due = held_.front().due + plan_.coalesce;
    if (auto const now = loop_.wheel.now(); due > now) co_await loop_.wheel.sleep(due - now);
    bool const goes_on = co_await deliver(next_bytes());
    if (!goes_on) co_return;
  }
  if (to_.is_open()) ::shutdown(to_.descriptor(), SHUT_WR);
}

/// The chunk that is due; everything that is there, if writes are to be merged.
std::string chaos_pipe::next_bytes() {
  std::string bytes;
  while (!held_.empty() && (bytes.empty() || plan_.coalesce != duration::zero())) {
    bytes += held_.front().bytes;
    held_.pop_front();
  }
  held_bytes_ -= bytes.size();
  room_.set();
  return bytes;
}

/// False: nothing more is to be written.
net::awaitable<bool> chaos_pipe::deliver(std::string bytes) {
  std::string_view rest = bytes;
  while (!rest.empty() && !cut_) {
    auto const piece = rest.substr(0, dice_.next_write(rest.size()));
    rest.remove_prefix(piece.size());
    auto const written = co_await to_.write(piece);
    if (!written) {
      reset_();
      co_return false;
    }
    ++counts_.writes;
    counts_.bytes += piece.size();
    switch (dice_.passed(piece.size())) {
      case chaos_dice::fault::none:
        break;
      case chaos_dice::fault::stall:
        ++counts_.stalls;
        co_await loop_.wheel.sleep(plan_.stall);
        break;
      case chaos_dice::fault::half_close:
        ++counts_.half_closes;
        ::shutdown(to_.descriptor(), SHUT_WR);
        co_return false;
      case chaos_dice::fault::reset:
        ++counts_.resets;
        reset_();
        co_return false;
    }
    if (plan_.bytes_per_second != 0) {
      co_await loop_.wheel.sleep(std::chrono::nanoseconds(1'000'000'000 * piece.size() / plan_.bytes_per_second));
    }
  }
  co_return !cut_;
}

void chaos_pipe::reset_source() {
  if (from_.is_open()) reset_on_close(from_.descriptor());
}

void chaos_pipe::cut() {
  cut_ = true;
  from_.close();
  to_.close();
  more_.set();
  room_.set();
}

chaos_link::chaos_link(net::loop& on, chaos_plan const& plan, std::uint64_t ordinal, chaos_counts& counts)
    : loop_(on), plan_(plan), ordinal_(ordinal), counts_(counts), running_(on.where()) {}

net::awaitable<void> chaos_link::run(net::unique_fd client) {
  ++counts_.links;
  dialled_ = std::make_unique<net::stream>(loop_);
  auto const connected = co_await dialled_->connect(plan_.to);
  if (!connected) {
    reset_on_close(client.get());
    co_return;
  }
  auto transport = dialled_->release();
  auto server = transport.take_descriptor();
  dialled_.reset();
  auto client_out = another(client.get());
  auto server_out = another(server.get());
  if (!client_out || !server_out) co_return;
  auto const end = [this] { reset(); };
  up_ = std::make_unique<chaos_pipe>(loop_, plan_, chaos_dice(plan_, ordinal_, true), counts_, std::move(client),
                                     std::move(server_out), end);
  down_ = std::make_unique<chaos_pipe>(loop_, plan_, chaos_dice(plan_, ordinal_, false), counts_, std::move(server),
                                       std::move(client_out), end);
  running_.spawn(up_->fill());
  running_.spawn(up_->drain());
  running_.spawn(down_->fill());
  running_.spawn(down_->drain());
  co_await running_.join();
}

void chaos_link::reset() {
  up_->reset_source();
  down_->reset_source();
  cut();
}

void chaos_link::cut() {
  if (dialled_) dialled_->close();
  if (up_) up_->cut();
  if (down_) down_->cut();
}

}  // namespace gw::testbed
