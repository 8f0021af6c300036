// Lines of a terminal, pipe or file, read on a loop without a thread of its own. Used by the client for its input.
#pragma once

#include "net/event.hpp"
#include "net/loop.hpp"

#include <deque>
#include <optional>
#include <string>

namespace gw::tools {

/// One thread, that of its loop. The descriptor stays the caller's and keeps its mode: it may be blocking.
class line_source final : private net::pollable {
 public:
  /// `changed` is set when lines came or the end was reached.
  line_source(net::loop& where, int fd, net::event& changed);
  ~line_source();
  line_source(line_source const&) = delete;
  line_source& operator=(line_source const&) = delete;

  /// The next line, without its line feed. Nothing: none has come yet, or see ended().
  std::optional<std::string> next();
  /// Every line was taken and no more will come.
  bool ended() const noexcept { return at_end_ && lines_.empty(); }

 private:
  std::size_t on_ready(std::span<char> buffer) override;
  void on_flush() override {}
  void take(std::string_view bytes);

  net::loop& loop_;
  int fd_;
  net::event& changed_;
  bool watched_ = false;
  bool at_end_ = false;
  std::string unfinished_;
  std::deque<std::string> lines_;
};

}  // namespace gw::tools
