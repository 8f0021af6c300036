// The main job in one command: the gateway of `wsgw serve` and three mock instances as real servers, all on loopback.
#pragma once

#include "commands.hpp"

#include <string>

namespace wsgw {

/// Serves until a signal. `listen` and `admin` empty: free ports.
exit_status demo(terminal const& term, std::string const& listen, std::string const& admin);

/// Sends messages to two services over one WebSocket, prints the conversation and who answered; ok or expectation.
exit_status demo_selftest(terminal const& term);

}  // namespace wsgw
