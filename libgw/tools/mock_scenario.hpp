// A mock service's scenario file: which services, how many instances, how each behaves. From TOML to plans, with every
// mistake at once and each at its place. Pure; used by `wsgw mock-service -f`.
#pragma once

#include "config/problem.hpp"
#include "tools/mock_service.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gw::tools {

struct mock_scenario {
  std::string listen;  // empty: it does not say
  std::uint64_t seed = 0;
  std::vector<mock_plan> plans;
  std::vector<config::problem> problems;  // with any, the rest means little
};

/// Keys of mock_settings(), with '_' for '-', stand at the top for all, in [services.NAME], beside `instances`, for a
/// service, and in [instances.NAME-2] for one of its instances; the narrower wins.
///     listen = "127.0.0.1:9001"
///     delay = "5ms..20ms"
///     [services.order]
///     instances = 2
///     fail = "1%"
///     [instances.order-2]
///     refuse = true
mock_scenario read_mock_scenario(std::string toml, std::string const& file_name);

}  // namespace gw::tools
