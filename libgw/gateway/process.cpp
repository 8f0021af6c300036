#include "gateway/process.hpp"

#include "core/log.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <cstdint>

namespace gw::gateway {

std::size_t raise_descriptor_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  auto const before = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) limit.rlim_cur = before;
  log::event(log::level::info, "descriptor_limit",
             {{"before", std::uint64_t{before}}, {"now", std::uint64_t{limit.rlim_cur}}});
  return limit.rlim_cur;
}

config::config named(config::config settings) {
  std::array<char, HOST_NAME_MAX + 1> host{};
  if (settings.name.empty() && ::gethostname(host.data(), host.size() - 1) == 0) settings.name = host.data();
  return settings;
}

}  // namespace gw::gateway
