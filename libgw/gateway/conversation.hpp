// What a session with its channels and a tunnel have in common: a client behind its upgrade, the clocks of its life,
// and how it is told to leave. The worker knows no more of either than this.
#pragma once

#include "gateway/client_facts.hpp"
#include "gateway/idle_watch.hpp"
#include "gateway/stats.hpp"
#include "net/peer.hpp"
#include "wire/close_code.hpp"

#include <boost/intrusive/list.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace gw::gateway {

class worker;

/// Why a conversation ends, and with which Close to the client.
struct session_end {
  initiator by = initiator::gateway;
  wire::close_code code = wire::close_code::internal_error;
  std::string reason{};
};

/// Its own from begin() to end(): while it waits for bytes it is an object without a coroutine, which the lists of its
/// worker and the poller point at. Then the coroutine that tears it down owns it. Called on its worker's thread only.
class conversation
    : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  virtual ~conversation();

  /// Behind the 101: `who` is left to itself. `rest`: bytes that came behind the handshake. A fault on the way (an
  /// exception) ends it with 1011.
  static void begin(std::unique_ptr<conversation> who, net::stream& connection, std::string rest);

  /// Marks the end and has everything that hangs on it torn down, soon. The first call counts. Allowed inside a turn.
  /// No memory for that, or a fault meanwhile, ends the process.
  void end(session_end why) noexcept;
  bool ending() const noexcept { return end_.has_value(); }

  /// The gateway is about to stop: a Close 1012 goes out as soon as no message is in progress toward the client. What
  /// the client says until its own Close is still forwarded; what its upstreams say is not (RELIABILITY section 3).
  void drain(std::string reason);
  bool said_goodbye() const noexcept { return farewell_ && farewell_->said; }
  /// Tells a client that understands it that it will be drained.
  virtual void announce_drain(std::chrono::milliseconds) {}

  /// Bytes that wait in its queues and buffers.
  virtual std::size_t held_bytes() const noexcept = 0;
  /// Memory is short, or no longer: its queues have other bounds (net::peer::bounds_changed()).
  virtual void bounds_changed() = 0;
  /// How long `of` gets to take what waits for it: `usual`, but nothing if memory is needed and it has not been taking.
  duration patience_with(net::peer const& of, duration usual) const noexcept;

  worker& where() noexcept { return worker_; }
  client_facts const& facts() const noexcept { return facts_; }

 protected:
  conversation(worker& where, client_facts facts);

  virtual net::peer& client() noexcept = 0;
  /// Takes the client's socket over, and whatever else it needs.
  virtual result<> attach(net::stream& connection, std::string rest) = 0;
  /// Attached: the first thing to say.
  virtual void greet() {}
  virtual bool inside_message_to_client() const noexcept = 0;
  /// A number that changes whenever a message comes or goes, and while one is under way with every byte.
  virtual std::uint64_t activity() const noexcept = 0;
  /// Closes everything, patiently.
  virtual net::awaitable<void> tear_down() = 0;
  virtual void log_open() const = 0;
  virtual void log_close() const = 0;

  /// A Close of a drain may have waited for it.
  void message_to_client_ended();
  /// The client has answered the Close of a drain, or has had its time.
  void leave();

  // Once it ends:
  session_end const& why() const noexcept { return *end_; }
  bool was_drained() const noexcept;
  /// Closes toward the client, with as much patience as it deserves.
  net::awaitable<void> close_client();
  double lived_s() const;

  worker& worker_;
  client_facts facts_;

 private:
  /// Of a client that is drained.
  struct farewell {
    farewell(conversation& of, std::string why);

    std::string reason;   // of the Close that has been, or is to be, sent
    net::timer patience;  // while we wait for the client's
    bool said = false;
  };

  void open(net::stream& connection, std::string rest);
  static net::awaitable<void> finish(std::unique_ptr<conversation> owned);
  void start_clocks();
  void say_goodbye();

  time_point opened_;
  std::optional<session_end> end_;
  idle_watch idle_;                   // session.idle_timeout
  std::unique_ptr<net::timer> life_;  // session.max_life, if there is one
  std::unique_ptr<farewell> farewell_;
};

}  // namespace gw::gateway
