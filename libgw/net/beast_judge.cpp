#include "net/beast_judge.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>

#include <cstdint>
#include <limits>

namespace gw::net {
namespace {

namespace http = boost::beast::http;
using failure_code = boost::system::error_code;

/// Keeps nothing of what it parses.
template <bool IsRequest>
class judging_parser final : public http::basic_parser<IsRequest> {
  using text = boost::beast::string_view;

  void on_request_impl(http::verb, text, text, int, failure_code&) override {}
  void on_response_impl(int, text, int, failure_code&) override {}
  void on_field_impl(http::field, text, text, failure_code&) override {}
  void on_header_impl(failure_code&) override {}
  void on_body_init_impl(boost::optional<std::uint64_t> const&, failure_code&) override {}
  std::size_t on_body_impl(text body, failure_code&) override { return body.size(); }
  void on_chunk_header_impl(std::uint64_t, text, failure_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, text body, failure_code&) override { return body.size(); }
  void on_finish_impl(failure_code&) override {}
};

template <bool IsRequest>
result<> ask(std::string_view raw) {
  judging_parser<IsRequest> parser;
  // The sizes were judged before; here they would only hide what the parser thinks of the rest.
  parser.header_limit(std::numeric_limits<std::uint32_t>::max());
  parser.body_limit(boost::none);
  failure_code failure;
  auto const used = parser.put(boost::asio::buffer(raw.data(), raw.size()), failure);
  if (!failure && parser.is_header_done() && used == raw.size()) return {};
  return error{errc::bad_handshake, IsRequest ? side::client : side::upstream, "the second parser refuses the head",
               failure};
}

}  // namespace

result<> beast_agrees_request(std::string_view raw) {
  return ask<true>(raw);
}

result<> beast_agrees_response(std::string_view raw) {
  return ask<false>(raw);
}

}  // namespace gw::net
