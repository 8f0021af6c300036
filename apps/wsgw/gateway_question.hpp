// What the commands ask of a gateway that runs: where its listeners are, and one GET.
#pragma once

#include "commands.hpp"
#include "settings.hpp"

#include "core/error.hpp"
#include "tools/http_get.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace wsgw {

/// Whose listener is meant where the configuration says it: that of [health] if there is one, or that of [admin].
enum class asked_listener : std::uint8_t { probes, operators };

/// The address that --admin or the configuration gives: "127.0.0.1:9900", "unix:/path", "gateway:9900"; may be empty.
/// Nothing: `result` has been told why there is none.
std::optional<std::string> gateway_address(settings_flags const& flags, asked_listener which, outcome& result);

struct gateway_question {
  std::string bind = {};
  std::string path = {};
  std::chrono::milliseconds limit{};
  std::size_t largest_answer = 64 * 1024;
};

/// Runs a loop of its own. bad_config: the address is none; else as http_get.
gw::result<gw::tools::http_answer> ask_gateway(gateway_question const& what);

}  // namespace wsgw
