#include "net/http_io.hpp"

#include "wire/strict_head.hpp"

namespace gw::net {
namespace {

// More of them than this have no end.
constexpr int most_interim_answers = 4;

bool is_interim(std::string_view raw) {
  constexpr std::size_t before_the_status = 9;  // "HTTP/1.1 "
  if (raw.size() <= before_the_status || raw[before_the_status] != '1' || raw.substr(before_the_status, 3) == "101") {
    return false;
  }
  auto const head = wire::judge_response(raw);
  return head && head->status < 200 && head->status != 101;
}

}  // namespace

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

awaitable<result<>> read_final_head(stream& from, received_head& into, std::size_t limit) {
  for (;;) {
    auto const read = co_await read_head(from, into, limit);
    if (!read || into.interim == most_interim_answers || !is_interim(into.head())) co_return read;
    into = {.bytes = into.rest(), .interim = into.interim + 1};
  }
}

}  // namespace gw::net
