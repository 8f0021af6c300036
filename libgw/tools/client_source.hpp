// Where the words of a conversation come from while it lasts: a pipe, or a person at a terminal. Used by the client.
#pragma once

#include "net/event.hpp"
#include "net/loop.hpp"
#include "tools/line_source.hpp"
#include "tools/script.hpp"

#include <optional>

namespace gw::tools {

/// Everything is called on the thread of the loop.
class client_source {
 public:
  virtual ~client_source() = default;
  /// Once, when the first connection is open. `changed` is set whenever next() or ended() would answer differently.
  virtual void begin(net::loop& on, net::event& changed) = 0;
  /// What to do now; nothing: wait.
  virtual std::optional<step> next() = 0;
  /// Everything was taken and no more will come.
  virtual bool ended() const = 0;
  /// Nothing more is wanted; not inside a turn. The loop lives on for a moment.
  virtual void end() = 0;
};

/// Each line of a descriptor is a message. The descriptor stays the caller's.
class line_messages final : public client_source {
 public:
  explicit line_messages(int fd) : fd_(fd) {}

  void begin(net::loop& on, net::event& changed) override { lines_.emplace(on, fd_, changed); }
  std::optional<step> next() override {
    auto line = lines_->next();
    if (!line) return std::nullopt;
    return step{.what = step::kind::send, .text = std::move(*line)};
  }
  bool ended() const override { return lines_->ended(); }
  void end() override { lines_.reset(); }

 private:
  int fd_;
  std::optional<line_source> lines_;
};

}  // namespace gw::tools
