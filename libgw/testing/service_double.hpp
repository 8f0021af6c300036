// One instance of a service in a transcript test: a real listener on the loopback that answers WebSocket handshakes as
// the test wants and makes a party of every connection. Used by the tests of the gateway.
#pragma once

#include "net/http_io.hpp"
#include "net/listen.hpp"
#include "net/tls_engine.hpp"
#include "testing/party.hpp"
#include "wire/upgrade.hpp"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace gw::testing {

class service_double {
 public:
  /// The bytes that answer a handshake. Whatever does not begin with a 101 is said, then the connection ends.
  using answer = std::function<std::string(wire::websocket_request const&)>;
  /// Told of every connection that got a 101.
  using arrival = std::function<void(std::unique_ptr<party>)>;

  service_double(story& told, net::loop& where, std::string name, arrival to)
      : story_(told), loop_(where), name_(std::move(name)), arrived_(std::move(to)), may_answer_(where.where()) {
    auto opened = net::listener::open(loop_, *net::address::parse("127.0.0.1:0"));
    REQUIRE(opened.has_value());
    listener_ = std::move(*opened);
    address_ = listener_->local();
    may_answer_.set();
  }

  std::size_t number = 0;  // of the instance, among those of its service

  std::uint16_t port() const { return address_.port(); }
  std::string address() const { return address_.text(); }
  std::vector<std::string> const& handshakes() const { return handshakes_; }

  /// What it learned in a TLS handshake.
  struct tls_facts {
    std::string server_name, client;
    bool resumed;
  };

  void answers(answer how) { answer_ = std::move(how); }
  /// A connection whose head is longer ends at once.
  void reads_at_most(std::size_t size) { head_limit_ = size; }
  /// From the next connection on.
  void speaks_tls(std::shared_ptr<net::tls_context const> context) { tls_ = std::move(context); }
  /// Of every handshake that succeeded.
  std::vector<tls_facts> const& tls_handshakes() const { return tls_handshakes_; }
  /// Accepts the connection and says nothing until answers_now(). For one connection at a time.
  void holds_back() { may_answer_.clear(); }
  void answers_now() { may_answer_.set(); }
  /// Connections are refused from now on; those that are open stay.
  void goes_down() {
    listener_->close();
    // Bound, but not listening: the port cannot become anybody else's.
    placeholder_ = net::unique_fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    int const on = 1;
    ::setsockopt(placeholder_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    REQUIRE(::bind(placeholder_.get(), address_.data(), address_.size()) == 0);
  }
  void closes() { listener_->close(); }

  net::awaitable<void> serve(net::task_group& connections) {
    for (;;) {
      auto accepted = co_await listener_->accept();
      if (!accepted) co_return;
      connections.spawn(greet(std::move(*accepted)));
    }
  }

  static std::string accept(wire::websocket_request const& request) {
    return wire::make_upgrade_response(wire::accept_key(request.key),
                                       request.protocols.empty() ? std::string_view() : request.protocols.front());
  }

 private:
  net::awaitable<void> greet(net::unique_fd socket) {
    net::stream stream(loop_, std::move(socket));
    if (tls_) {
      auto engine = std::make_unique<net::tls_engine>(tls_, true);
      auto const secured = co_await stream.secure(std::move(engine));
      if (!secured) co_return co_await stream.finish();
      auto const& tls = *stream.tls();
      tls_handshakes_.push_back({std::string(tls.server_name()), tls.peer_name(), tls.resumed()});
    }
    net::received_head received;
    auto const read = co_await net::read_head(stream, received, head_limit_);
    if (!read) co_return;
    auto const raw = std::string(received.head());
    handshakes_.push_back(raw);
    auto const head = wire::judge_request(raw);
    REQUIRE(head.has_value());
    auto const request = wire::judge_upgrade(*head);
    REQUIRE(request.has_value());
    story_.note(name_ + " is dialled");
    co_await may_answer_.wait();
    auto const bytes = answer_(*request);
    auto const written = co_await stream.write(bytes);
    if (!written) co_return;
    if (bytes.find("HTTP/1.1 101 ") == std::string::npos) {
      co_await stream.finish();
      co_return;
    }
    auto who = std::make_unique<party>(story_, loop_, name_, wire::role::server);
    auto& joined = *who;
    joined.handshake = raw;
    joined.instance = number;
    if (tls_) {
      joined.joins(stream.release(), received.rest());
    } else {
      joined.joins(stream.release().take_descriptor(), received.rest());
    }
    arrived_(std::move(who));
    co_await joined.live();
  }

  story& story_;
  net::loop& loop_;
  std::string name_;
  arrival arrived_;
  net::event may_answer_;
  answer answer_ = accept;
  net::address address_;
  std::unique_ptr<net::listener> listener_;
  net::unique_fd placeholder_;
  std::vector<std::string> handshakes_;
  std::size_t head_limit_ = 64 * 1024;
  std::shared_ptr<net::tls_context const> tls_;
  std::vector<tls_facts> tls_handshakes_;
};

}  // namespace gw::testing
