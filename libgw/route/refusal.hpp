// Why a message goes to no service, in the words of an error frame. The session tells its client by them, and
// `wsgw route test` shows the same frame: one function fills it. Pure.
#pragma once

#include "core/error.hpp"
#include "route/table.hpp"
#include "wire/error_frame.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace gw::route {

/// The views are needed until the frame is made.
struct refusal {
  errc code = errc::internal;
  std::string_view why = {};  // for people
  std::string_view stage = "route";
  std::optional<unsigned> retry_after_ms = {};
};

/// Of a decision that failed.
refusal refusal_of(decision const& failed);

/// A rule means an instance that the service does not have.
inline constexpr refusal no_such_instance{errc::no_instance, "the service has no such instance", "discover"};
/// Control messages that the gateway does not know, or that name a service to which there is no channel.
inline constexpr refusal unknown_control{errc::bad_method, "no such control message"};
inline constexpr refusal no_such_channel{errc::no_route, "no channel to such a service"};

/// A service none of whose instances may be dialled; for errc::no_instance.
std::string no_instance_text(std::string_view service);
/// The circuit of a service is open: nobody dials it for so long.
error circuit_is_open(std::string_view service, std::chrono::milliseconds wait);
/// A message whose channel could not be opened: `why` has the code and the text.
refusal undeliverable(error const& why);

/// All of the frame that follows from the message `text` and the decision about it; the session adds `seq` and the
/// like. Views into all three.
wire::error_facts facts_of(decision const& made, refusal const& because, std::string_view text);

}  // namespace gw::route
