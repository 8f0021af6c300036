// An upstream's message that did not lie whole in the read buffer: held until it is complete if it fits in `hold`, so
// that an upstream's death never damages the client's stream; a larger one is streamed in whole frames and owns the
// client's data output until its end.
#pragma once

#include "gateway/assembly.hpp"
#include "gateway/channel.hpp"
#include "net/timer_wheel.hpp"

namespace gw::gateway {

struct channel::download {
  download(channel& of, net::timer_wheel& wheel, wire::opcode op) noexcept : message(op), stall(wheel, on_stall, &of) {}

  wire::opcode message;
  bool streaming = false;
  assembly held;
  net::timer stall;  // streaming: no byte for too long
};

}  // namespace gw::gateway
