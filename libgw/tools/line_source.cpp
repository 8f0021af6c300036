#include "tools/line_source.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace gw::tools {
namespace {

// Beyond this nothing is read until some are taken.
constexpr std::size_t most_lines = 1024;

}  // namespace

line_source::line_source(net::loop& where, int fd, net::event& changed) : loop_(where), fd_(fd), changed_(changed) {
  // A file cannot be watched, and need not be: it is always readable.
  watched_ = loop_.sockets.add(fd_, *this).has_value();
  loop_.sockets.make_ready(*this);
}

line_source::~line_source() {
  if (watched_) loop_.sockets.remove(fd_, *this);
}

std::optional<std::string> line_source::next() {
  if (lines_.empty()) return std::nullopt;
  auto line = std::move(lines_.front());
  lines_.pop_front();
  if (!at_end_) loop_.sockets.make_ready(*this);
  return line;
}

std::size_t line_source::on_ready(std::span<char> buffer) {
  if (at_end_ || lines_.size() >= most_lines) return 0;
  pollfd readable{fd_, POLLIN, 0};
  if (::poll(&readable, 1, 0) <= 0) return 0;
  auto const n = ::read(fd_, buffer.data(), buffer.size());
  if (n < 0 && (errno == EINTR || errno == EAGAIN)) return 0;
  if (n <= 0) {
    at_end_ = true;
    if (!unfinished_.empty()) lines_.push_back(std::exchange(unfinished_, {}));
    changed_.set();
    return 0;
  }
  take({buffer.data(), static_cast<std::size_t>(n)});
  loop_.sockets.make_ready(*this);
  return static_cast<std::size_t>(n);
}

void line_source::take(std::string_view bytes) {
  for (auto end = bytes.find('\n'); end != std::string_view::npos; end = bytes.find('\n')) {
    unfinished_ += bytes.substr(0, end);
    bytes.remove_prefix(end + 1);
    if (!unfinished_.empty()) lines_.push_back(std::exchange(unfinished_, {}));
  }
  unfinished_ += bytes;
  if (!lines_.empty()) changed_.set();
}

}  // namespace gw::tools
