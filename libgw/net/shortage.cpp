#include "net/shortage.hpp"

namespace gw::net {

bool is_our_shortage(std::error_code const& cause) noexcept {
  for (auto const ours : {std::errc::too_many_files_open, std::errc::too_many_files_open_in_system,
                          std::errc::no_buffer_space, std::errc::not_enough_memory, std::errc::no_space_on_device,
                          std::errc::address_not_available, std::errc::stream_timeout}) {
    if (cause == ours) return true;
  }
  return false;
}

}  // namespace gw::net
