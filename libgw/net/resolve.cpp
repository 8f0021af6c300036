#include "net/resolve.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

namespace gw::net {

namespace asio = boost::asio;

awaitable<result<std::vector<std::string>>> resolve(executor where, std::string host) {
  boost::system::error_code not_literal;
  auto const literal = asio::ip::make_address(host, not_literal);
  if (!not_literal) co_return std::vector<std::string>(1, literal.to_string());

  asio::ip::basic_resolver<asio::ip::tcp, executor> resolver(where);
  constexpr auto token = asio::as_tuple(asio::use_awaitable_t<executor>());
  auto const [failed, found] = co_await resolver.async_resolve(host, std::string(), token);
  if (failed) co_return error{errc::connect_failed, side::upstream, "cannot resolve '" + host + "'", failed};
  std::vector<std::string> addresses;
  for (auto const& entry : found) addresses.push_back(entry.endpoint().address().to_string());
  std::stable_partition(addresses.begin(), addresses.end(),
                        [](std::string const& ip) { return ip.find(':') == std::string::npos; });
  std::vector<std::string> unique;
  for (auto& ip : addresses) {
    if (std::find(unique.begin(), unique.end(), ip) == unique.end()) unique.push_back(std::move(ip));
  }
  co_return unique;
}

}  // namespace gw::net
