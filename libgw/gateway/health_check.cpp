#include "gateway/health_check.hpp"

#include "gateway/upstream.hpp"
#include "net/address.hpp"
#include "net/shortage.hpp"
#include "wire/close_code.hpp"
#include "wire/decoder.hpp"
#include "wire/strict_head.hpp"
#include "wire/upgrade.hpp"

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gw::gateway {
namespace {

using cluster::finding;

constexpr std::string_view ping_payload = "wsgw health";
constexpr std::size_t read_size = 4 * 1024;

net::awaitable<finding> get(net::stream& by, patient whom) {
  auto const request = "GET " + whom.settings.health.http + " HTTP/1.1\r\nHost: " + host_of(whom.settings, whom.who) +
                       "\r\nUser-Agent: wsgw\r\nAccept: */*\r\nConnection: close\r\n\r\n";
  auto done = co_await by.write(request);
  net::received_head received;
  if (done) done = co_await read_answer(by, received);
  if (!done) co_return finding::bad_answer;
  auto const head = wire::judge_response(received.head());
  if (!head) co_return finding::bad_answer;
  co_return head->status >= 200 && head->status <= 299 ? finding::good : finding::bad_status;
}

/// Nothing: read on.
std::optional<finding> judge(wire::decoder& decoder, std::span<char> bytes) {
  for (;;) {
    auto const e = decoder.next(bytes);
    switch (e.what) {
      case wire::event::kind::none:
        return std::nullopt;
      case wire::event::kind::violation:
        return finding::bad_answer;
      case wire::event::kind::control:
        if (e.op == wire::opcode::close) return finding::bad_answer;
        if (e.op == wire::opcode::pong && std::string_view(e.payload.data(), e.payload.size()) == ping_payload) {
          return finding::good;
        }
        break;
      case wire::event::kind::message:
      case wire::event::kind::piece:
        break;  // it may talk before it answers
    }
  }
}

net::awaitable<finding> read_pong(net::stream& by, std::string rest) {
  wire::decoder decoder(wire::role::client, 0);
  auto found = judge(decoder, rest);
  std::string buffer(read_size, '\0');
  while (!found) {
    auto const read = co_await by.read_some(buffer);
    if (!read) co_return finding::bad_answer;
    found = judge(decoder, std::span(buffer).first(*read));
  }
  co_return *found;
}

net::awaitable<finding> ping(net::loop& on, net::stream& by, patient whom) {
  std::vector<std::string> protocols;
  if (!whom.settings.subprotocol.empty()) protocols.push_back(whom.settings.subprotocol);
  auto const key = wire::make_key();
  auto const host = host_of(whom.settings, whom.who);
  auto const request = wire::make_upgrade_request(whom.settings.health.ws, host, key, protocols, {});
  auto done = co_await by.write(request);
  net::received_head received;
  if (done) done = co_await read_answer(by, received);
  if (!done) co_return finding::bad_answer;
  auto const head = wire::judge_response(received.head());
  if (!head) co_return finding::bad_answer;
  if (head->status != 101) co_return finding::bad_status;
  if (!wire::judge_upgrade_response(*head, wire::accept_key(key), protocols)) co_return finding::bad_answer;

  auto const mask = on.keys.next();
  done = co_await by.write(wire::make_frame(wire::opcode::ping, ping_payload, &mask));
  if (!done) co_return finding::bad_answer;
  auto const found = co_await read_pong(by, received.rest());
  auto const farewell_mask = on.keys.next();
  auto const farewell = wire::make_close_payload(wire::close_code::normal, "", wire::role::client);
  if (found == finding::good) {
    done = co_await by.write(wire::make_frame(wire::opcode::close, farewell, &farewell_mask));
  }
  co_return found;
}

net::awaitable<finding> ask(net::loop& on, net::stream& by, patient whom) {
  if (!whom.settings.health.http.empty()) {
    auto const found = co_await get(by, whom);
    co_return found;
  }
  if (!whom.settings.health.ws.empty()) {
    auto const found = co_await ping(on, by, whom);
    co_return found;
  }
  co_return finding::good;  // it has taken the connection
}

}  // namespace

net::awaitable<std::optional<cluster::finding>> examine(net::loop& on, net::stream& by, patient whom,
                                                        std::unique_ptr<net::tls_engine> engine) {
  auto const address = net::address::of_ip(whom.who.ip, whom.who.configured.port);
  if (!address) co_return finding::unreachable;
  net::deadline limit(on, by, whom.settings.health.timeout);
  auto found = finding::good;
  auto done = co_await by.connect(*address);
  if (!done && net::is_our_shortage(done.error().cause)) co_return std::nullopt;
  if (!done) found = finding::unreachable;
  if (done && engine) {
    done = co_await by.secure(std::move(engine));
    if (!done) found = finding::tls_failed;
  }
  if (done) found = co_await ask(on, by, whom);
  if (found == finding::good) co_return found;
  if (limit.passed()) co_return finding::too_late;
  if (!by.is_open() && found != finding::unreachable) co_return std::nullopt;
  co_return found;
}

}  // namespace gw::gateway
