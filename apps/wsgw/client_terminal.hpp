// `wsgw client` at a terminal: line editing, history and completion by libedit around the conversation's own loop.
// Knows nothing of messages: tools/repl says what a line means and how an event is shown.
#pragma once

#include "net/event.hpp"
#include "net/loop.hpp"
#include "tools/client_source.hpp"
#include "tools/repl.hpp"

#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace wsgw {

/// Whether a person sits at both ends, with a terminal that can move its cursor.
bool is_at_terminal();

class client_terminal final : public gw::tools::client_source, private gw::net::pollable {
 public:
  explicit client_terminal(std::vector<std::string> const& services);
  /// The terminal is again what it was.
  ~client_terminal() override;

  /// Shows what happened above the line that is being typed. On the thread of the loop, inside a turn or outside.
  void tell(gw::tools::client_event const& happened);

 private:
  struct editor;  // libedit

  void begin(gw::net::loop& on, gw::net::event& changed) override;
  std::optional<gw::tools::step> next() override;
  bool ended() const override { return at_end_ && deeds_.empty(); }
  void end() override;

  std::size_t on_ready(std::span<char> buffer) override;
  void on_flush() override {}

  void press(std::string_view key);
  void obey(std::string const& line);
  void obey(gw::tools::repl_order order);
  void say(std::string_view lines);

  gw::tools::repl repl_;
  std::unique_ptr<editor> editor_;
  gw::net::loop* loop_ = nullptr;
  gw::net::event* changed_ = nullptr;
  std::string typed_;  // bytes that are no whole key yet
  std::deque<gw::tools::step> deeds_;
  bool watched_ = false;
  bool at_end_ = false;
};

}  // namespace wsgw
