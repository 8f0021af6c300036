#include "tools/line_blocks.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace gw::tools {
namespace {

constexpr std::size_t block_size = std::size_t{256} * 1024;

std::string_view without_return(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace

std::optional<std::string_view> line_blocks::next() {
  while (!fault_) {
    std::string_view const rest(space_.data() + begin_, end_ - begin_);
    auto const feed = rest.find('\n', searched_ - begin_);
    if (feed != rest.npos) {
      begin_ += feed + 1;
      searched_ = begin_;
      return without_return(rest.substr(0, feed));
    }
    searched_ = end_;
    if (at_end_) {
      begin_ = end_;
      return rest.empty() ? std::nullopt : std::optional(without_return(rest));
    }
    if (!read_more()) return std::nullopt;
  }
  return std::nullopt;
}

bool line_blocks::read_more() {
  if (begin_ != 0) {
    std::copy(space_.begin() + static_cast<std::ptrdiff_t>(begin_), space_.begin() + static_cast<std::ptrdiff_t>(end_),
              space_.begin());
    end_ -= begin_;
    searched_ -= begin_;
    begin_ = 0;
  }
  if (end_ > longest_) {
    fault_ = make_error_code(std::errc::message_size);
    return false;
  }
  if (space_.size() - end_ < block_size) space_.resize(std::max(2 * space_.size(), end_ + block_size));
  for (;;) {
    auto const n = ::read(fd_, space_.data() + end_, block_size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      fault_ = {errno, std::system_category()};
      return false;
    }
    at_end_ = n == 0;
    end_ += static_cast<std::size_t>(n);
    return true;
  }
}

bool block_output::flush() {
  for (std::string_view rest = text_; !rest.empty() && !fault_;) {
    auto const n = ::write(fd_, rest.data(), rest.size());
    if (n >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(n));
    } else if (errno != EINTR) {
      fault_ = {errno, std::system_category()};
    }
  }
  text_.clear();
  return !fault_;
}

}  // namespace gw::tools
