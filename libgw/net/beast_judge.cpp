#include "net/beast_judge.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <cstdint>
#include <limits>

namespace gw::net {
namespace {

template <bool IsRequest>
result<> ask(std::string_view raw) {
  boost::beast::http::parser<IsRequest, boost::beast::http::empty_body> parser;
  // The sizes were judged before; here they would only hide what the parser thinks of the rest.
  parser.header_limit(std::numeric_limits<std::uint32_t>::max());
  parser.body_limit(boost::none);
  boost::system::error_code failure;
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
