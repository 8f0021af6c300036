// A client's message that did not lie whole in the read buffer: collected until it is complete, or, if it is larger
// than the read buffer and its head names a service, streamed to its channel piece by piece (PRODUCT.md section 3.8).
#pragma once

#include "gateway/assembly.hpp"
#include "gateway/session.hpp"
#include "wire/json_head.hpp"

#include <optional>
#include <string>

namespace gw::gateway {

struct session::upload {
  enum class state : std::uint8_t {
    collecting,
    streaming,  // pieces go to `to` as they come
    skipping,   // refused or its channel is gone: dropped to its end, the client has been told
  };

  upload(wire::opcode of, bool is_compressed) noexcept : op(of), compressed(is_compressed) {}

  void skip() noexcept {
    now = state::skipping;
    to = nullptr;
    bytes.clear();
    walk.reset();
  }

  state now = state::collecting;
  wire::opcode op;
  bool compressed;                      // collected as it comes, inflated when it is complete
  bool head_tried = false;              // the head named no service: the whole message has to be awaited
  assembly bytes;                       // collecting
  channel* to = nullptr;                // streaming
  std::optional<wire::tail_walk> walk;  // streaming: watches for a second routing key
  std::string service;                  // streaming: for an error frame
  std::string method;
  std::string lead;  // streaming: the front of the message, for what an error frame echoes
};

}  // namespace gw::gateway
