#include "tools/http_get.hpp"

#include "net/http_io.hpp"
#include "net/stream.hpp"
#include "wire/strict_head.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

namespace gw::tools {
namespace {

constexpr std::size_t largest_head = 16 * 1024;

error failed(errc code, std::string what, std::error_code cause = {}) {
  return {code, side::upstream, std::move(what), cause};
}

/// Of the body; nothing: it goes on until the connection ends.
std::optional<std::uint64_t> length_of(wire::response_head const& head) {
  auto const text = head.get("Content-Length");
  std::uint64_t length = 0;
  // At most 19 digits, or the head would have been refused.
  std::from_chars(text.data(), text.data() + text.size(), length);
  return text.empty() ? std::nullopt : std::optional(length);
}

net::awaitable<result<http_answer>> ask(net::stream& with, net::address at, std::string path,
                                        std::size_t largest_body) {
  auto const connected = co_await with.connect(at);
  if (!connected) {
    co_return failed(errc::connect_failed, fmt::format("cannot connect to {}", at.text()), connected.error().cause);
  }
  auto const host = at.is_unix() ? std::string("localhost") : at.text();
  auto const request = fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", path, host);
  if (auto const written = co_await with.write(request); !written) co_return written.error();
  net::received_head received;
  if (auto const read = co_await net::read_head(with, received, largest_head); !read) {
    co_return failed(errc::connect_failed, fmt::format("{} closed the connection", at.text()), read.error().cause);
  }
  auto const head = wire::judge_response(received.head());
  if (!head) {
    co_return failed(errc::handshake_rejected, fmt::format("{} does not speak HTTP: {}", at.text(), head.error().why));
  }
  http_answer answer{.status = head->status, .body = received.rest()};
  auto const length = length_of(*head);
  while (answer.body.size() <= largest_body && (!length || answer.body.size() < *length)) {
    auto const read = co_await with.append_some(answer.body);
    if (read) continue;
    bool const ends_so = !length && read.error().code == errc::closed;
    if (ends_so) break;
    co_return failed(errc::connect_failed, fmt::format("{} closed in the middle of its answer", at.text()),
                     read.error().cause);
  }
  if (length && answer.body.size() > *length) answer.body.resize(static_cast<std::size_t>(*length));
  if (answer.body.size() > largest_body) {
    co_return failed(errc::upstream_too_big,
                     fmt::format("the answer of {} to GET {} is longer than {} bytes", at.text(), path, largest_body));
  }
  co_return answer;
}

}  // namespace

net::awaitable<result<http_answer>> http_get(net::loop& on, net::address at, std::string path, duration limit,
                                             std::size_t largest_body) {
  net::stream with(on);
  net::deadline const in_time(on, with, limit);
  auto answer = co_await ask(with, at, std::move(path), largest_body);
  if (in_time.passed()) co_return failed(errc::connect_timeout, fmt::format("{} did not answer in time", at.text()));
  co_return answer;
}

}  // namespace gw::tools
