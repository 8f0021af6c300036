// Lines of a file or pipe, read in large blocks without a copy of each; and the other way, text that leaves in large
// blocks. Both block: for commands that do nothing else. Used by `wsgw route test`.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace gw::tools {

class line_blocks {
 public:
  /// A line that is longer than `longest` is an error (message_size). The descriptor stays the caller's.
  explicit line_blocks(int fd, std::size_t longest = std::size_t{64} * 1024 * 1024) : fd_(fd), longest_(longest) {}

  /// The next line without its line feed, or a carriage return before it; nothing at the end, or when fault() says what
  /// went wrong. Valid until the next call.
  std::optional<std::string_view> next();
  std::error_code fault() const noexcept { return fault_; }

 private:
  bool read_more();

  int fd_;
  std::size_t longest_;
  std::vector<char> space_;
  std::size_t begin_ = 0;     // of what is not taken yet
  std::size_t searched_ = 0;  // up to here there is no line feed
  std::size_t end_ = 0;
  bool at_end_ = false;
  std::error_code fault_;
};

class block_output {
 public:
  /// The descriptor stays the caller's.
  explicit block_output(int fd) : fd_(fd) {}

  /// Append to it, then call turn().
  std::string& text() noexcept { return text_; }
  /// Writes when a block is full. False: nobody takes it any more, see fault().
  bool turn() { return text_.size() < block ? !fault_ : flush(); }
  bool flush();
  std::error_code fault() const noexcept { return fault_; }

 private:
  static constexpr std::size_t block = std::size_t{64} * 1024;

  int fd_;
  std::string text_;
  std::error_code fault_;
};

}  // namespace gw::tools
