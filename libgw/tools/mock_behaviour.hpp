// How an instance of a mock service treats its connections, and the one table by which flags, scenario files and
// control lines say so. Pure. Used by the mock service.
#pragma once

#include "core/clock.hpp"
#include "core/error.hpp"
#include "core/units.hpp"
#include "tools/delay.hpp"
#include "tools/handshake_behaviour.hpp"
#include "tools/ledger.hpp"
#include "tools/reply_template.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace gw::tools {

/// Messages without being asked.
struct mock_flood {
  std::size_t size = 0;  // bytes of each; 0 = no flood
  rate at{0};            // count 0: as fast as it goes, a mebibyte each tick of the timer wheel
};

struct mock_behaviour {
  enum class answer : std::uint8_t {
    envelope,  // text: see envelope.hpp; binary: the same bytes back
    raw,       // the same bytes and opcode back, as fast as it goes
    ledger,    // stamped messages (ledger.hpp) are written down, then answered with their stamp
    text,      // see `text`
    none,
  };
  answer reply = answer::envelope;
  reply_template text{};
  tools::delay delay{};        // each answer leaves at least this much later (coarse: up to one tick more), in order
  double fail = 0;             // the share of messages answered by an error,
  double drop = 0;             // of those that are not answered,
  double hang_up = 0;          // and of those answered by the end of the connection, with `close_code`
  std::size_t oversize = 0;    // answers become texts of that many bytes; 0 = they do not
  bool masked = false;         // what we send is masked, which no server may do
  std::optional<rate> push{};  // {"service","instance","push":k,"sent_us"} on every connection
  mock_flood flood{};
  std::uint64_t close_after = 0;    // the end behind the answer to that message; 0 = never
  std::uint16_t close_code = 1000;  // of both ends; 1006: without a Close
  std::size_t read_rate = 0;        // bytes a second that are read, 16 KiB at a time; 0 = all that comes
  bool half_open = false;           // neither reads nor sends, and does not close
  handshake_behaviour handshake{};
  std::shared_ptr<ledger> book{};  // answer::ledger only; one for all instances of a mock service
  bool log = false;                // opens, closes and messages with their text as log events
};

/// One thing that can be said of a behaviour, always by the same text: a flag, a key of a file, a word of a control
/// line.
struct mock_setting {
  std::string_view name;  // "close-after"; a file writes close_after
  std::string_view form;  // "N"; empty: on or off
  std::string_view about;
  result<> (*set)(mock_behaviour& to, std::string_view text);
  std::string (*show)(mock_behaviour const& from);  // as set() takes it; empty: as it is if nobody sets it
};

std::span<mock_setting const> mock_settings();

/// Null: there is none. '_' counts as '-'.
mock_setting const* find_mock_setting(std::string_view name);

/// Sets one; "off" makes any of them what it is if nobody sets it. errc::bad_usage names the setting that was meant, or
/// says how to write the text. `to` is unchanged then.
result<> set_behaviour(mock_behaviour& to, std::string_view name, std::string_view text);

}  // namespace gw::tools
