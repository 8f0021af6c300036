#include "net/http_io.hpp"

#include "wire/strict_head.hpp"

#include <array>

namespace gw::net {

awaitable<result<>> read_head(stream& from, received_head& into, std::size_t limit) {
  std::array<char, 4096> buffer;
  std::size_t searched = 0;
  for (;;) {
    into.head_size = wire::find_head_end(into.bytes, searched);
    if (into.head_size != 0) break;
    if (into.bytes.size() > limit) break;
    searched = into.bytes.size() < 3 ? 0 : into.bytes.size() - 3;
    auto const read = co_await from.read_some(buffer);
    if (!read) co_return read.error();
    into.bytes.append(buffer.data(), *read);
  }
  if (into.head_size == 0 || into.head_size > limit) {
    co_return error{errc::bad_handshake, side::client, "the header is larger than the limit", {}};
  }
  co_return result<>();
}

}  // namespace gw::net
