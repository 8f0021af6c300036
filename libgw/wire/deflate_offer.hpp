// Sec-WebSocket-Extensions (RFC 6455 section 9.1) as far as permessage-deflate goes (RFC 7692 sections 5 and 7.1): what
// a client offers and a server answers, both always without context takeover. Used by the handshakes of either side.
// What is then done with messages stands in wire/deflate.
#pragma once

#include "wire/strict_head.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gw::wire {

/// permessage-deflate as it was agreed on.
struct deflate_terms {
  std::uint8_t window_bits = 15;  // a server's messages look back 2^window_bits bytes at most
  bool window_asked = false;      // by the client: it has to be confirmed

  bool operator==(deflate_terms const&) const = default;
};

/// The first offer in a client's head that can be accepted as it stands; an offer with a parameter that is unknown, bad
/// or there twice is passed over. Fields of one name are one list. A list that breaks the grammar offers nothing.
std::optional<deflate_terms> choose_deflate(head_fields const& head);

/// The server's answer to that offer.
std::string deflate_answer(deflate_terms const& terms);

/// A client's offer: no hint that it could do with a smaller window, so a server may not ask for one.
inline constexpr std::string_view deflate_offer =
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

/// Does the server's head accept exactly that offer?
bool accepts_deflate_offer(head_fields const& head);

}  // namespace gw::wire
