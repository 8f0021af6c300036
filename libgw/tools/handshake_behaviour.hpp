// How a server of ours treats connections up to the end of their handshake, faults included. Used by the mock service's
// behaviours and by the server that obeys them.
#pragma once

#include <chrono>
#include <cstdint>

namespace gw::tools {

struct handshake_behaviour {
  enum class hang : std::uint8_t { never, before, after };

  std::chrono::milliseconds delay{};  // between the TCP connection and the answer
  bool refuse = false;                // the port does not listen
  int status = 0;                     // answered instead of the 101; 0 = none
  hang when = hang::never;            // before: no answer; after: the 101, and then not a byte is read or sent
  bool wrong_key = false;             // a 101 with the accept key of another request
};

inline constexpr handshake_behaviour ordinary_handshake{};

}  // namespace gw::tools
