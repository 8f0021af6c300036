#include "net/http_io.hpp"

#include "wire/strict_head.hpp"

namespace gw::net {

awaitable<result<>> read_head(stream& from, received_head& into, std::size_t limit) {
  std::size_t searched = 0;
  for (;;) {
    into.head_size = wire::find_head_end(into.bytes, searched);
    if (into.head_size != 0) break;
    if (into.bytes.size() > limit) break;
    searched = into.bytes.size() < 3 ? 0 : into.bytes.size() - 3;
    if (auto read = co_await from.append_some(into.bytes); !read) co_return read;
  }
  if (into.head_size == 0 || into.head_size > limit) {
    co_return error{errc::bad_handshake, side::client, "the header is larger than the limit", {}};
  }
  co_return result<>();
}

}  // namespace gw::net
