// One source, watched: the first question is asked at once, then at every `refresh`, or whenever there are news. What
// cannot be had changes nothing: the last list stays for as long as it takes, while the pauses between tries double
// from a second to a minute. A list is judged offer by offer. Where it has lost more than half of a service it is asked
// for twice more, and an instance that comes and goes is damped. Only what differs then is published.
// Used by the publication; knows nothing of pools and workers.
#pragma once

#include "core/clock.hpp"
#include "discovery/belief.hpp"
#include "discovery/judge.hpp"
#include "discovery/name_book.hpp"
#include "discovery/source.hpp"
#include "net/event.hpp"
#include "net/loop.hpp"
#include "net/timer_wheel.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace gw::discovery {

/// How a watch stands, for operators.
struct watch_report {
  std::string name = {};
  std::string type = {};
  bool required = false;
  std::uint64_t answers = 0;
  std::uint64_t failures = 0;
  std::string fault = {};  // of the last question; empty: it was answered
  std::optional<std::chrono::system_clock::time_point> answered_at = {};
  std::size_t unreadable = 0;                             // entries since the last whole list that name no instance
  std::array<std::uint64_t, refusal_count> refused = {};  // offers, by reason; each once for as long as it is listed
};

/// One thread. run() must have returned before it is destroyed.
class watch {
 public:
  static constexpr duration shortest_pause = std::chrono::seconds(1);   // after a failure; source::longest_pause()
  static constexpr duration debounce = std::chrono::milliseconds(100);  // between two news
  static constexpr duration between_repeats = std::chrono::seconds(1);
  static constexpr int repeats = 2;
  static constexpr duration while_in_doubt = std::chrono::seconds(5);  // at most until a loss is looked at again
  static constexpr duration dial_limit = std::chrono::seconds(10);     // for all dials to who was there
  static constexpr std::size_t dials_at_once = 32;

  /// Whether anybody takes connections at "ip:port" now.
  using answers_at = std::function<net::awaitable<bool>(std::string ip, std::uint16_t port)>;

  /// What it needs of the network apart from its source.
  struct network {
    answers_at anybody;
    net::look_up names = net::system_addresses;
  };

  /// `changed` is called whenever believed() is another one; `reported` whenever report() is.
  struct listeners {
    std::function<void()> changed;
    std::function<void()> reported;
  };

  watch(net::loop& where, config::discovery const& settings, std::unique_ptr<source> asked, judge rules, network around,
        listeners told, std::uint32_t seed);

  /// Returns after stop().
  net::awaitable<void> run();
  void stop() noexcept;

  /// By the gateway's names of services; empty before the first answer.
  catalogue const& believed() const noexcept { return believed_; }
  name_book& names() noexcept { return names_; }
  /// Where an instance of the source is: those addresses of its host, or the host itself, that the source may name.
  std::vector<std::string> addresses_of(std::string_view host, std::uint16_t port) const;
  watch_report const& report() const noexcept { return report_; }

 private:
  ask next_question() const noexcept;
  duration next_pause();
  net::awaitable<void> hear(catalogue const& listed);
  net::awaitable<std::vector<std::string>> disbelieved(catalogue& fresh);
  net::awaitable<bool> is_really_empty(std::string service);
  net::awaitable<void> dial(std::string ip, std::uint16_t port, time_point give_up_at, bool& empty);
  catalogue judged(catalogue const& listed);
  void publish();
  void note_answer();
  void note_failure(error const& why);
  void note_unreadable(std::size_t entries);
  void note_refused(std::vector<refused_offer> const& refused);
  void note_doubts(std::vector<std::string> const& doubted, catalogue const& fresh);
  net::awaitable<void> pause(duration for_long);
  duration between(duration least, duration most);

  net::loop& loop_;
  duration refresh_;
  bool allow_empty_;
  std::unique_ptr<source> source_;
  judge judge_;
  answers_at anybody_;
  listeners told_;
  name_book names_;
  catalogue listed_;  // that we hold to be true
  damper damper_;
  catalogue believed_;  // what of it is published
  watch_report report_;
  std::set<refused_offer> refused_;   // of the last list
  std::vector<std::string> doubted_;  // services of the last list
  std::size_t failures_in_a_row_ = 0;
  bool stopping_ = false;
  net::event woken_;
  net::timer settled_;  // time to publish what was damped
  std::minstd_rand random_;
};

}  // namespace gw::discovery
