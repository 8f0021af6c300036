// Finds what an error frame echoes so that the client knows which of its messages failed (PRODUCT.md section 6).
// Used on failures only; error_frame writes what is found here.
#pragma once

#include <string>
#include <string_view>

namespace gw::wire {

/// Raw tokens of the message, quotes included; empty if absent. A string of a lenient text may stand in single quotes:
/// write tokens through as_json().
struct correlation {
  std::string_view id;
  std::string_view request_id;
  std::string_view websocket_tag;
};

/// Looks at the top level only, at members that begin within the first 16 KiB and are a number or a string of at most
/// 256 bytes. Takes what stands before the first fault of a broken text; never fails.
correlation find_correlation(std::string_view text);

/// A token of a correlation as strict JSON.
std::string as_json(std::string_view token);
/// The object that echoes them, "{}" if there are none.
std::string as_json(correlation const& keys);

}  // namespace gw::wire
