#include "tools/websocket_client.hpp"

#include "net/http_io.hpp"
#include "net/resolve.hpp"
#include "net/tls_engine.hpp"
#include "wire/deflate_offer.hpp"
#include "wire/strict_head.hpp"
#include "wire/upgrade.hpp"

#include <fmt/format.h>
#include <boost/algorithm/string/predicate.hpp>
#include <nlohmann/json.hpp>

#include <charconv>
#include <utility>

namespace gw::tools {
namespace {

constexpr std::size_t head_limit = 64 * 1024;
constexpr duration longest_look_up = std::chrono::seconds(30);
constexpr std::size_t shown_body = 4 * 1024;  // of a refusal

error failed(errc code, std::string what, std::error_code cause = {}) {
  return {code, side::upstream, std::move(what), cause};
}

std::string written_request(websocket_request const& ask, std::string_view key) {
  auto host = ask.url.host_field();
  std::vector<wire::owned_field> fields;
  for (auto const& field : ask.fields) {
    if (boost::algorithm::iequals(field.name, "Host")) {
      host = field.value;
    } else {
      fields.push_back(field);
    }
  }
  if (!ask.origin.empty()) fields.push_back({"Origin", ask.origin});
  if (ask.compress) fields.push_back({"Sec-WebSocket-Extensions", std::string(wire::deflate_offer)});
  return wire::make_upgrade_request(ask.url.target, host, key, ask.protocols, fields);
}

/// Reads the rest of a short body, so that the user sees why.
net::awaitable<void> read_body(net::stream& from, net::received_head& received, std::string_view announced) {
  std::size_t length = 0;
  std::from_chars(announced.data(), announced.data() + announced.size(), length);
  while (received.bytes.size() - received.head_size < std::min(length, shown_body)) {
    auto const read = co_await from.append_some(received.bytes);
    if (!read) co_return;
  }
}

/// What a body says to people: the detail of problem+json, or the first line of a text that is not HTML.
std::string told_by(std::string_view body) {
  auto const problem = nlohmann::json::parse(body, nullptr, false);
  if (problem.is_object() && problem.contains("detail") && problem["detail"].is_string()) {
    return problem["detail"].get<std::string>();
  }
  auto const line = body.substr(0, std::min(body.find_first_of("\r\n"), std::size_t{200}));
  return line.starts_with('<') ? std::string() : std::string(line);
}

error rejected(wire::response_head const& head, std::string_view body) {
  auto text = fmt::format("the server refused the handshake, {}", head.reason);
  if (auto const told = told_by(body); !told.empty()) text += fmt::format(": {}", told);
  return failed(errc::handshake_rejected, std::move(text), http_status(head.status));
}

/// Nothing, if the URL is not wss.
net::awaitable<result<>> secure(net::stream& with, websocket_request const& ask) {
  if (!ask.tls) co_return result<>();
  auto engine = std::make_unique<net::tls_engine>(ask.tls, false, ask.url.host);
  auto const secured = co_await with.secure(std::move(engine));
  if (secured) co_return result<>();
  // What OpenSSL says of bytes that are no TLS record.
  bool const plain = secured.error().context.find("wrong version number") != std::string::npos;
  auto const hint = plain ? "; this port does not speak TLS: use ws://" : "";
  co_return failed(errc::connect_failed,
                   fmt::format("the TLS handshake failed: {}{}", describe(secured.error()), hint));
}

/// The connection ended before the answer came. With TLS 1.3 a server refuses our certificate, or asks for one in vain,
/// only behind the handshake.
error broken_off(net::stream& with, std::string_view otherwise, error const& why) {
  auto const* const tls = with.tls();
  if (tls == nullptr || tls->failure().empty()) return failed(errc::connect_failed, std::string(otherwise), why.cause);
  bool const wants_ours = tls->failure().find("certificate required") != std::string_view::npos;
  auto const hint = wants_ours ? "; it asks for a certificate of yours: give --cert and --key" : "";
  return failed(errc::connect_failed, fmt::format("the server ended TLS: {}{}", tls->failure(), hint));
}

net::awaitable<result<opened_websocket>> shake(net::stream& with, websocket_request const& ask) {
  if (auto secured = co_await secure(with, ask); !secured) co_return secured.error();
  auto const key = wire::make_key();
  auto const request = written_request(ask, key);
  if (request.empty()) {
    co_return error{
        errc::bad_usage, side::client, "a header, origin or subprotocol has characters no head may have", {}};
  }
  if (auto const written = co_await with.write(request); !written) {
    co_return broken_off(with, "the connection broke in the handshake", written.error());
  }
  net::received_head received;
  if (auto const read = co_await net::read_head(with, received, head_limit); !read) {
    co_return broken_off(with, "the server closed the connection instead of answering the handshake", read.error());
  }
  auto const head = wire::judge_response(received.head());
  if (!head)
    co_return failed(errc::handshake_rejected, fmt::format("the server's answer is not HTTP: {}", head.error().why));
  if (head->status != 101) {
    auto const length = std::string(head->get("Content-Length"));
    co_await read_body(with, received, length);
    // The body may have moved the bytes that `head` points into.
    auto const whole = wire::judge_response(received.head());
    co_return rejected(*whole, received.rest());
  }
  auto const upgraded = wire::judge_upgrade_response(*head, wire::accept_key(key), ask.protocols, ask.compress);
  if (!upgraded) co_return failed(errc::handshake_rejected, fmt::format("a bad handshake: {}", upgraded.error().why));
  opened_websocket opened;
  opened.protocol = head->get("Sec-WebSocket-Protocol");
  opened.compressed = head->count("Sec-WebSocket-Extensions") != 0;
  opened.rest = received.rest();
  opened.socket = with.release();
  co_return opened;
}

}  // namespace

result<wire::owned_field> parse_field(std::string_view text) {
  auto const colon = text.find(':');
  auto const name = text.substr(0, colon);
  auto value = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  while (value.starts_with(' ')) value.remove_prefix(1);
  std::string written;
  if (colon == std::string_view::npos || !wire::append_field(written, name, value)) {
    return error{
        errc::bad_usage, side::client, fmt::format("'{}' is not a header field; write 'Name: value'", text), {}};
  }
  return wire::owned_field{std::string(name), std::string(value)};
}

result<> trust(websocket_request& ask, trust_options const& whom) {
  if (!ask.url.secure) {
    if (whom.ca.empty() && whom.cert.empty() && !whom.insecure) return {};
    return error{errc::bad_usage, side::client, "whom to trust is a question of TLS; write a wss:// URL", {}};
  }
  auto made = net::tls_context::client(
      {.verify = !whom.insecure, .ca_file = whom.ca, .cert_file = whom.cert, .key_file = whom.key});
  if (!made) return made.error();
  ask.tls = std::move(*made);
  return {};
}

net::awaitable<result<std::vector<net::address>>> resolve(net::loop& on, websocket_url url) {
  net::resolver names(on);
  auto const found = co_await names.resolve(url.host, longest_look_up);
  if (!found) co_return found.error();
  std::vector<net::address> addresses;
  for (auto const& ip : *found) {
    if (auto const at = net::address::of_ip(ip, url.port); at) addresses.push_back(*at);
  }
  if (addresses.empty()) co_return failed(errc::connect_failed, fmt::format("'{}' has no address", url.host));
  co_return addresses;
}

net::awaitable<result<opened_websocket>> open_websocket(net::loop& on, net::stream& with, net::address to,
                                                        websocket_request const& ask, duration limit) {
  net::deadline const in_time(on, with, limit);
  auto const connected = co_await with.connect(to);
  if (!connected) {
    auto const code = in_time.passed() ? errc::connect_timeout : errc::connect_failed;
    auto text = fmt::format("cannot connect to {}{}", to.text(), in_time.passed() ? " in time" : "");
    co_return failed(code, std::move(text), connected.error().cause);
  }
  auto opened = co_await shake(with, ask);
  if (!opened && in_time.passed()) {
    auto const* const tls = with.tls();
    bool const silent = tls != nullptr && !tls->established();
    auto const hint = silent ? "; perhaps this port does not speak TLS: then use ws://" : "";
    co_return failed(errc::connect_timeout, fmt::format("{} did not answer the handshake in time{}", to.text(), hint));
  }
  co_return opened;
}

net::awaitable<result<opened_websocket>> shake_hands(net::loop& on, net::stream& with, websocket_request const& ask,
                                                     duration limit) {
  net::deadline const in_time(on, with, limit);
  auto opened = co_await shake(with, ask);
  if (!opened && in_time.passed()) {
    co_return failed(errc::connect_timeout, "the handshake was not answered in time");
  }
  co_return opened;
}

net::awaitable<result<opened_websocket>> dialler::open(websocket_request const& ask, duration limit) {
  auto const addresses = co_await resolve(loop_, ask.url);
  if (!addresses) co_return addresses.error();
  for (std::size_t i = 0;; ++i) {
    if (closed_) co_return failed(errc::connect_failed, "given up");
    net::stream with(loop_);
    under_way_ = &with;
    auto opened = co_await open_websocket(loop_, with, (*addresses)[i], ask, limit);
    under_way_ = nullptr;
    bool const unreachable =
        !opened && (opened.error().code == errc::connect_failed || opened.error().code == errc::connect_timeout);
    if (!unreachable || i + 1 == addresses->size()) co_return opened;
  }
}

void dialler::close() noexcept {
  closed_ = true;
  if (under_way_ != nullptr) under_way_->close();
}

net::awaitable<result<opened_websocket>> open_websocket(net::loop& on, websocket_request const& ask, duration limit) {
  dialler to(on);
  co_return co_await to.open(ask, limit);
}

}  // namespace gw::tools
