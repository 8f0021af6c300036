// Any text loads or is refused; a refusal says what is wrong and can be shown; what loads without problems keeps the
// invariants that the rest of the program builds on.
#include "config/address.hpp"
#include "config/load.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view const text(reinterpret_cast<char const*>(data), size);
  auto const result = gw::config::load_text(text, "fuzz.toml");
  for (auto const& p : result.problems) {
    if (p.text.empty() || format(p).empty()) __builtin_trap();
  }
  if (!result.problems.empty()) return 0;
  auto const& c = result.value;
  if (c.services.empty() || c.listeners.empty()) __builtin_trap();
  if (c.session.queue.low >= c.session.queue.high) __builtin_trap();
  for (auto const& l : c.listeners) {
    if (!gw::config::parse_bind(l.bind)) __builtin_trap();
  }
  for (auto const& s : c.services) {
    if (s.instances.empty() || !gw::config::service_name_fault(s.name).empty()) __builtin_trap();
    if (s.channel.queue.low >= s.channel.queue.high) __builtin_trap();
    for (auto const& i : s.instances) {
      if (i.port == 0 || i.host.empty() || i.weight == 0) __builtin_trap();
    }
  }
  return 0;
}
