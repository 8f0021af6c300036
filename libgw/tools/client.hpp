// A conversation over one WebSocket: sends and expects what a script says, shows what comes. Used by `wsgw client` and
// by tests. Does not print: it tells.
#pragma once

#include "tools/client_source.hpp"
#include "tools/script.hpp"
#include "tools/websocket_client.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gw::tools {

struct client_plan {
  websocket_request to;
  std::vector<step> steps;
  client_source* source = nullptr;  // what follows the steps; null: nothing
  bool leave_at_end_of_source = false;
  std::uint64_t leave_after = 0;     // messages from the server; 0: leave when the steps are done, see `stay`
  bool stay = false;                 // behind the last step: show what comes until the limit or the server's Close,
  bool leave_when_answered = false;  // or until every call of the steps has had its answer
  std::optional<std::chrono::milliseconds> limit;  // on the whole, with `source` from its end on
  std::chrono::milliseconds connect_limit{10'000};
  std::chrono::milliseconds long_wait{1'000};  // for a connection or for the answers of calls: when it is told
  std::chrono::milliseconds ping_interval{};   // a server that shows no life for as long again is gone; 0: no pings
  bool reconnect = false;                      // with `source` only: again and again, with longer and longer pauses
  bool catch_signals = false;  // SIGINT and SIGTERM end the conversation; a second one the process, status 130
};

/// Something that happened, as it happens.
struct client_event {
  enum class kind : std::uint8_t { open, message, binary, pong, close, retry, wait };
  kind what;
  double at_ms = 0;         // since the start
  std::string_view text{};  // message, binary: the payload; open: the subprotocol; close: the reason; retry: why;
                            // wait: for what
  std::uint16_t code = 0;   // close: 1005 without a code, 1006 without a Close
  bool by_server = true;    // close
  double took_ms = 0;       // pong: since its ping; retry: until the next try
  bool compressed = false;  // open: permessage-deflate was agreed on
};

struct client_outcome {
  enum class verdict : std::uint8_t { done, failed, expectation_failed, cannot_connect, bad_usage, interrupted };
  verdict how = verdict::done;
  std::string why{};           // for people; empty when done
  std::size_t open_calls = 0;  // with `leave_when_answered`: calls that had no answer
};

/// An exception of `tell` ends the conversation as an interruption does, and is thrown on.
client_outcome run_client(client_plan const& plan, std::function<void(client_event const&)> const& tell);

}  // namespace gw::tools
