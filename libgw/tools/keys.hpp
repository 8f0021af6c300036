// What a terminal sends, cut into keys: characters of UTF-8 and escape sequences, whole ones only. Pure; used by the
// client's line editor, which must never wait for the rest of a key.
#pragma once

#include <cstddef>
#include <string_view>

namespace gw::tools {

/// The bytes of the first key at the front of `bytes`: a character, or ESC with what belongs to it (CSI, SS3, ESC and a
/// character). 0: its end has not come yet, or there is none.
std::size_t first_key(std::string_view bytes) noexcept;

}  // namespace gw::tools
