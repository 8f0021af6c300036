// One end of a WebSocket in a transcript test: a client of the gateway, or a service behind it. It says what the test
// tells it to, writes down everything it hears, and the test asks for that in order.
#pragma once

#include "net/peer.hpp"
#include "testing/story.hpp"
#include "wire/deflate.hpp"
#include "wire/mask.hpp"

#include <boost/assert/source_location.hpp>
#include <nlohmann/json.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gw::testing {

/// A frame as it came over the wire, its payload unmasked.
struct seen_frame {
  wire::frame_header header;
  std::string payload;
};

/// Keeps a copy of everything a socket brings.
class tapped_calls final : public net::socket_calls {
 public:
  ssize_t receive(int fd, char* to, std::size_t size) noexcept override {
    auto const n = net::socket_calls::receive(fd, to, size);
    if (n > 0) bytes.append(to, static_cast<std::size_t>(n));
    return n;
  }

  std::string bytes;
};

class party final : public net::peer_owner {
 public:
  using place = boost::source_location;

  party(story& told, net::loop& where, std::string name, wire::role role)
      : name_(std::move(name)),
        story_(told),
        loop_(where),
        role_(role),
        leaving_(where.where()),
        peer_(std::make_unique<net::peer>(where, role, 0, watermarks{.high = 1 << 30, .low = 1 << 29}, *this)) {}

  /// Takes an upgraded socket; `rest` came behind its handshake.
  void joins(net::unique_fd socket, std::string rest) {
    tap_.bytes = rest;
    joins(net::transport(std::move(socket), &tap_), std::move(rest));
  }
  /// The same for one that may speak TLS: frames() and bytes_heard() see nothing of it.
  void joins(net::transport socket, std::string rest) {
    descriptor_ = socket.descriptor();
    auto const attached = peer_->attach(std::move(socket), std::move(rest));
    REQUIRE(attached.has_value());
  }

  /// permessage-deflate was agreed on. Before joins().
  void speaks_deflate() { peer_->accept_compressed(); }

  /// From joins() until the other side has finished, or vanishes().
  net::awaitable<void> live() {
    co_await leaving_.wait();
    if (peer_) co_await peer_->close(wire::close_code::none, "", std::chrono::seconds(5));
    peer_.reset();
  }

  // --- what it does ---

  void says(std::string const& text) { sends(name_ + " says: " + text, wire::opcode::text, text, true); }
  void says_binary(std::string const& bytes) { sends(name_ + " says: binary", wire::opcode::binary, bytes, true); }
  /// The same, compressed.
  void says_compressed(std::string const& text, wire::opcode op = wire::opcode::text) {
    story_.note(name_ + " says, compressed: " + text);
    auto const frame = deflated(text, op);
    if (frame.empty()) FAIL("this does not become smaller: " << text);
    peer_->queue(frame);
  }
  /// A part of a message: one frame.
  void says_part(wire::opcode op, std::string const& part, bool last) {
    sends(name_ + (last ? " says the last part: " : " says a part: ") + part, op, part, last);
  }
  void pings(std::string const& payload) { sends(name_ + " pings: " + payload, wire::opcode::ping, payload, true); }
  void says_close(wire::close_code code, std::string const& reason = {}) {
    sends(name_ + " says: Close", wire::opcode::close, wire::make_close_payload(code, reason, role_), true);
  }
  /// Bytes as they are, whatever they mean.
  void sends_bytes(std::string const& bytes) {
    story_.note(name_ + " sends bytes: " + bytes);
    peer_->queue(bytes);
  }
  /// As a killed process: no Close; the kernel ends the connection, and with a reset if something is unread.
  void vanishes() {
    if (!peer_ || leaving_.is_set()) return;
    story_.note(name_ + " vanishes");
    peer_.reset();
    leaving_.set();
  }
  void stops_reading() { reading_ = false; }
  void reads_again() {
    reading_ = true;
    if (peer_) peer_->resume_reading();
  }
  /// Keeps the kernel from taking megabytes for it while it does not read.
  void keeps_little() const {
    int const size = 128 * 1024;
    ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  }

  // --- what it heard; each call takes the next thing and checks it ---

  net::awaitable<void> hears(std::string text, place at = BOOST_CURRENT_LOCATION) {
    auto const heard = co_await next();
    compare(heard, "text: " + text, at);
  }
  net::awaitable<void> hears_compressed(std::string text, place at = BOOST_CURRENT_LOCATION) {
    auto const heard = co_await next();
    compare(heard, "compressed text: " + text, at);
  }
  net::awaitable<void> hears_binary(std::string bytes, place at = BOOST_CURRENT_LOCATION) {
    auto const heard = co_await next();
    compare(heard, "binary: " + bytes, at);
  }
  /// A Close with this code; `reason` empty: whatever its reason.
  net::awaitable<void> hears_close(wire::close_code code, std::string reason = {}, place at = BOOST_CURRENT_LOCATION) {
    auto heard = co_await next();
    if (reason.empty()) heard.resize(std::min(heard.size(), close_line(code, {}).size()));
    compare(heard, close_line(code, reason), at);
  }
  /// The other side finished sending, without (or behind) a Close.
  net::awaitable<void> hears_the_end(place at = BOOST_CURRENT_LOCATION) {
    auto const heard = co_await next();
    compare(heard, "end of input", at);
  }
  net::awaitable<std::string> hears_text() {
    auto const heard = co_await next();
    if (!heard.starts_with("text: "))
      FAIL(name_ << " heard " << heard << " instead of a text\n" << story_.transcript());
    co_return heard.substr(6);
  }
  net::awaitable<nlohmann::json> hears_json() {
    auto const text = co_await hears_text();
    auto parsed = nlohmann::json::parse(text, nullptr, false);
    if (parsed.is_discarded()) FAIL(name_ << " heard something that is not JSON: " << text);
    co_return parsed;
  }
  /// Nothing that it heard was not asked for.
  bool has_heard_all() const { return next_ == heard_.size(); }
  std::size_t heard_count() const { return heard_.size(); }

  /// What says_compressed() sends; empty: it does not become smaller.
  std::string deflated(std::string const& text, wire::opcode op = wire::opcode::text) {
    auto const key = loop_.keys.next();
    return std::string(deflater_.deflate(op, text, role_ == wire::role::client ? &key : nullptr));
  }

  /// All frames so far, control frames too.
  std::vector<seen_frame> frames() const;
  /// Bytes read so far.
  std::size_t bytes_heard() const { return tap_.bytes.size(); }
  /// Bytes that it wants to say and the socket does not take.
  std::size_t unsaid() const { return peer_ ? peer_->output().size() : 0; }

  bool is_gone() const { return !peer_; }
  bool is_client() const { return role_ == wire::role::client; }
  std::string const& name() const { return name_; }
  int descriptor() const { return descriptor_; }

  std::string handshake;     // the raw head that opened it
  std::size_t instance = 0;  // of its service: where it was dialled

 private:
  static std::string close_line(wire::close_code code, std::string_view reason) {
    return "Close " + std::to_string(static_cast<unsigned>(code)) + (reason.empty() ? "" : " ") + std::string(reason);
  }

  net::awaitable<std::string> next() {
    std::function<bool()> const there = [this] { return next_ < heard_.size(); };
    std::string const what = name_ + " to hear something";
    co_await story_.until(what, there);
    co_return heard_[next_++];
  }

  void compare(std::string const& heard, std::string const& expected, place const& at) {
    bool const as_expected = heard == expected;
    if (as_expected) {
      CHECK(as_expected);
      return;
    }
    FAIL_CHECK(at.file_name() << ':' << at.line() << ": " << name_ << " heard\n  " << shortened(heard)
                              << "\ninstead of\n  " << shortened(expected) << "\nafter\n"
                              << story_.transcript());
  }

  void sends(std::string const& line, wire::opcode op, std::string const& payload, bool fin) {
    story_.note(line);
    auto const key = loop_.keys.next();
    peer_->queue(wire::make_frame(op, payload, role_ == wire::role::client ? &key : nullptr, fin));
  }

  void on_bytes(std::span<char> bytes) override {
    for (;;) {
      auto const e = peer_->next(bytes);
      switch (e.what) {
        case wire::event::kind::none:
          return;
        case wire::event::kind::message:
          hear_message(e, std::string(e.payload.data(), e.payload.size()));
          break;
        case wire::event::kind::piece:
          partial_.append(e.payload.data(), e.payload.size());
          if (e.last) hear_message(e, std::exchange(partial_, {}));
          break;
        case wire::event::kind::control:
          hear(close_line(e.code, e.reason));
          break;
        case wire::event::kind::violation:
          hear("nonsense: " + std::string(e.reason));
          break;
      }
    }
  }
  bool may_read() const override { return reading_; }
  void on_drained() override {}
  void on_lost(std::error_code cause) override {
    hear(cause ? "a broken connection" : "end of input");
    leaving_.set();
  }

  void hear_message(wire::event const& e, std::string payload) {
    if (e.compressed) {
      auto const plain = inflater_.inflate(e.op, payload, 0);
      payload.assign(plain.payload.data(), plain.payload.size());
      if (plain.what != wire::event::kind::message) payload = "nonsense";
    }
    hear((e.compressed ? "compressed " : "") + std::string(e.op == wire::opcode::text ? "text: " : "binary: ") +
         payload);
  }

  void hear(std::string line) {
    story_.note(name_ + " hears " + line);
    heard_.push_back(std::move(line));
  }

  std::string name_;
  story& story_;
  net::loop& loop_;
  wire::role role_;
  tapped_calls tap_;
  int descriptor_ = -1;
  bool reading_ = true;
  std::string partial_;
  std::vector<std::string> heard_;
  std::size_t next_ = 0;
  net::event leaving_;
  wire::inflater inflater_{wire::role::client};
  wire::deflater deflater_;
  std::unique_ptr<net::peer> peer_;
};

inline std::vector<seen_frame> party::frames() const {
  std::vector<seen_frame> all;
  std::string_view rest = tap_.bytes;
  wire::frame_header header;
  while (wire::parse_header(rest, header) && rest.size() - header.size >= header.length) {
    std::string payload(rest.substr(header.size, static_cast<std::size_t>(header.length)));
    if (header.masked) wire::apply_mask(payload, header.key);
    rest.remove_prefix(header.size + payload.size());
    all.push_back({header, std::move(payload)});
  }
  return all;
}

}  // namespace gw::testing
