// Any bytes as an HTTP head: what the strict judgement accepts, Beast reads in the same way, and whatever the gateway
// writes on behalf of an accepted head is accepted again. Stands in net/ because wire/ must not know Beast.
#include "net/beast_judge.hpp"
#include "wire/header_rules.hpp"
#include "wire/strict_head.hpp"
#include "wire/target.hpp"
#include "wire/upgrade.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <cstdint>
#include <cstdlib>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace gw;

void require(bool holds) {
  if (!holds) std::abort();
}

/// Found piece by piece as it is found at once. The sizes of the pieces follow from the bytes.
std::size_t find_in_pieces(std::string_view bytes) {
  std::size_t const whole = wire::find_head_end(bytes, 0);
  std::size_t seen = 0;
  std::size_t found = 0;
  while (found == 0 && seen < bytes.size()) {
    std::size_t const piece = 1 + static_cast<unsigned char>(bytes[seen]) % 7U;
    auto const so_far = bytes.substr(0, seen + piece);
    found = wire::find_head_end(so_far, seen);
    seen = so_far.size();
  }
  require(found == whole);
  return whole;
}

template <bool IsRequest>
auto read_with_beast(std::string_view raw) {
  boost::beast::http::parser<IsRequest, boost::beast::http::empty_body> parser;
  parser.header_limit(std::numeric_limits<std::uint32_t>::max());
  parser.body_limit(boost::none);
  boost::system::error_code failure;
  require(parser.put(boost::asio::buffer(raw.data(), raw.size()), failure) == raw.size());
  require(!failure && parser.is_header_done());
  return parser.release();
}

std::string_view view(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

/// The same fields: Beast keeps those of one name together, so the order is compared within a name.
template <class Message>
void compare_fields(wire::head_fields const& head, Message const& message) {
  std::size_t total = 0;
  for (auto const& each : message) {
    ++total;
    (void)each;
  }
  require(total == head.fields.size());
  for (auto const& first : head.fields) {
    auto [at, end] = message.equal_range(boost::beast::string_view(first.name.data(), first.name.size()));
    require(at != end && view(at->value()) == head.get(first.name));
    std::size_t same = 0;
    for (; at != end; ++at) ++same;
    require(same == head.count(first.name));
  }
}

void check_target(std::string_view target) {
  auto const split = wire::judge_target(target);
  if (!split) return;
  std::string const bounded = split->path + '/';
  require(split->path.starts_with('/'));
  for (auto const* trap : {"//", "/./", "/../", "\\"}) require(split->path.find(trap) == std::string::npos);
  for (auto const* trap : {"/./", "/../"}) require(bounded.find(trap) == std::string::npos);
  for (char const c : split->path) require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
  auto const again = wire::judge_target(wire::encode_path(split->path));
  require(again && again->path == split->path && again->query.empty());
  require(wire::path_matches("/**", split->path));
}

/// The handshake that follows upstream is one by our own judgement, and says nothing in the client's name.
void check_forwarding(wire::request_head const& head) {
  auto const request = wire::judge_upgrade(head);
  if (!request) return;
  wire::origin_allowed(request->origin, head.get("host"), {});
  std::vector<std::string> const all = {"*"};
  std::vector<std::string> const protocols(request->protocols.begin(), request->protocols.end());
  for (bool const trusted : {false, true}) {
    wire::forwarding const facts{.client_ip = "192.0.2.1",
                                 .proto = "http",
                                 .request_id = "own",
                                 .traceparent = "00-11111111111111111111111111111111-2222222222222222-01",
                                 .peer_is_trusted = trusted};
    auto const fields = wire::upstream_headers(head, wire::forward_rules(all), facts);
    if (fields.size() > 90) continue;  // with those of the handshake they would be too many
    auto const raw = wire::make_upgrade_request("/ws", head.get("host"), request->key, protocols, fields);
    auto const upstream = wire::judge_request(raw);
    require(upstream && wire::judge_upgrade(*upstream) && net::beast_agrees_request(raw));
    require(upstream->count("x-wsgw-user") == 0 && upstream->count("x-forwarded-for") == 1);
    require(trusted || upstream->get("x-forwarded-for") == "192.0.2.1");
  }
}

void check_request(std::string_view raw) {
  auto const head = wire::judge_request(raw);
  if (!head) {
    require(!wire::make_problem(head.error()).empty() && head.error().status >= 400);
    return;
  }
  require(net::beast_agrees_request(raw).has_value());
  auto const message = read_with_beast<true>(raw);
  require(view(message.method_string()) == head->method && view(message.target()) == head->target);
  require(message.version() == 10U + static_cast<unsigned>(head->minor));
  compare_fields(*head, message);
  check_target(head->target);
  check_forwarding(*head);
}

void check_response(std::string_view raw) {
  auto const head = wire::judge_response(raw);
  if (!head) {
    require(head.error().status == 502);
    return;
  }
  require(net::beast_agrees_response(raw).has_value());
  auto const message = read_with_beast<false>(raw);
  require(static_cast<int>(message.result_int()) == head->status);
  // Beast fills an empty reason in with its own.
  require(head->reason.empty() || view(message.reason()) == head->reason);
  require(message.version() == 10U + static_cast<unsigned>(head->minor));
  compare_fields(*head, message);
  auto const verdict = wire::judge_upgrade_response(*head, wire::accept_key("dGhlIHNhbXBsZSBub25jZQ=="), {});
  require(!verdict || head->status == 101);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view const bytes(reinterpret_cast<char const*>(data), size);
  auto const end = find_in_pieces(bytes);
  auto const raw = end == 0 ? bytes : bytes.substr(0, end);
  check_request(raw);
  check_response(raw);
  check_target(bytes);
  return 0;
}
