// A source beside a registry that says what the test wants, for the tests of the sources that ask over HTTP.
#pragma once

#include "discovery/kinds.hpp"
#include "discovery/offer_text_test.hpp"
#include "testing/catch.hpp"
#include "testing/http_double.hpp"

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace gw::discovery {

using testing::beside_server;
using testing::http_double;
using testing::http_ok;
using testing::http_says;
using reply = testing::http_double::reply;

/// Of this type, at this server, for the services order and user; `more` may change the settings.
inline std::unique_ptr<source> source_of(net::loop& l, std::string const& type, std::vector<std::string> urls,
                                         std::function<void(config::discovery&)> const& more = {}) {
  config::discovery settings{.name = "test", .type = type, .urls = std::move(urls)};
  settings.connect_timeout = std::chrono::seconds(2);
  settings.read_timeout = std::chrono::seconds(2);
  if (more) more(settings);
  auto made = find_source_kind(type)->make({l, settings, {"order", "user"}});
  REQUIRE(made.has_value());
  return std::move(*made);
}

/// What a source knows, or what it complains about, without what was asked of whom.
inline std::string outcome(result<catalogue> const& all) {
  if (all) return text_of(*all);
  auto const text = describe(all.error());
  return text.substr(std::min(text.find(": ") + 2, text.size()));
}

/// What any registry might say instead of an answer: none of it is a catalogue, and none of it takes long.
struct lie {
  std::string name;
  reply said;
};
inline std::vector<lie> lies(std::string const& honest) {
  return {{"nothing at all", {"", true}},
          {"an empty body", {http_ok("")}},
          {"null", {http_ok("null")}},
          {"half of the truth", {http_ok(honest.substr(0, honest.size() / 2))}},
          {"a truncated answer", {http_ok(honest).substr(0, http_ok(honest).size() - 5), true}},
          {"an error page", {http_ok("<html>Bad Gateway</html>")}},
          {"status 500", {http_says(500, honest)}},
          {"status 401", {http_says(401, honest)}},
          {"status 302", {http_says(302, honest, "Location: http://elsewhere/\r\n")}},
          {"no HTTP", {"SSH-2.0-OpenSSH\r\n\r\n", true}},
          {"too many headers", {"HTTP/1.1 200 OK\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n" + honest, true}},
          {"a nest", {http_ok(std::string(100'000, '['))}},
          {"a body beyond all bounds", {"HTTP/1.1 200 OK\r\nContent-Length: 17000000\r\n\r\n{", true}}};
}

/// Every lie is an error, and the truth behind it is found again.
inline void survives_lies(std::string const& type, std::string const& honest, std::string const& expected,
                          std::function<void(config::discovery&)> const& more = {}) {
  beside_server([&](net::loop& l, http_double& server) -> net::awaitable<void> {
    auto const asked = source_of(l, type, {server.url()}, more);
    for (auto const& [name, said] : lies(honest)) {
      INFO(name);
      server.answers([&answer = said](http_double::request const&) { return answer; });
      auto const misled = co_await asked->discover(ask::everything);
      CHECK(misled.has_error());
      server.answers(http_ok(honest, "X-Consul-Index: 7\r\n"));
      auto const told = co_await asked->discover(ask::everything);
      CHECK(outcome(told) == expected);
    }
  });
}

/// The servers of a registry fail one after the other, and silence is not waited for without end.
inline void fails_over(std::string const& type, std::string const& honest, std::string const& expected,
                       std::function<void(config::discovery&)> const& more = {}) {
  beside_server([&](net::loop& l, http_double& server) -> net::awaitable<void> {
    auto const shorter = [&more](config::discovery& settings) {
      if (more) more(settings);
      settings.read_timeout = std::chrono::milliseconds(60);
    };
    server.answers([&honest](http_double::request const& r) {
      if (r.target.starts_with("/slow")) return reply{};
      if (r.target.starts_with("/broken")) return reply{http_says(503)};
      return reply{http_ok(honest, "X-Consul-Index: 7\r\n")};
    });
    std::vector<std::string> const urls = {"http://127.0.0.1:1", server.url("/slow"), server.url("/broken"),
                                           server.url("/good")};
    auto const asked = source_of(l, type, urls, shorter);
    for (int i = 0; i < 2; ++i) {
      auto const told = co_await asked->discover(ask::everything);
      CHECK(outcome(told) == expected);
    }
    auto const slow = std::count_if(server.requests().begin(), server.requests().end(),
                                    [](auto const& r) { return r.target.starts_with("/slow"); });
    CHECK(slow == 1);  // who answered last is asked first
    asked->stop();
    auto const late = co_await asked->discover(ask::everything);
    CHECK(late.error().code == errc::closed);
  });
}

}  // namespace gw::discovery
