// Any text is read or refused, as TOML and as JSON; a refusal says why; what is read has what a dial needs.
#include "discovery/instance_file.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace {

void require(bool holds) {
  if (!holds) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view const text(reinterpret_cast<char const*>(data), size);
  for (auto const form : {gw::discovery::file_form::toml, gw::discovery::file_form::json}) {
    auto const read = gw::discovery::read_instances(text, form);
    if (!read) {
      require(!read.error().context.empty());
      continue;
    }
    for (auto const& [service, offers] : *read) {
      for (auto const& o : offers) require(!o.host.empty() && o.port != 0 && o.weight != 0);
    }
  }
  return 0;
}
