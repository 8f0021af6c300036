// Joins what a load saw (journal.hpp) with what the services wrote down (tools/ledger.hpp), and finds every broken
// promise. Pure; used by the program ledger_check and its test.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace gw::testbed {

enum class violation : std::uint8_t {
  lost_acked,    // answered, but in no ledger
  misrouted,     // taken or answered on somebody else's channel, by another service, or never sent
  reordered,     // n does not rise on its channel, in the answers of a session, or from one channel to the next
  duplicated,    // taken or answered twice
  silent,        // neither answered nor refused nor behind a notice, and its session lived on
  false_notice,  // told to be not delivered, but in a ledger
  crc,           // a stamp or an answer that does not hold
  malformed,     // a line that is none, or an event of a session that is not open
};
inline constexpr std::size_t violations = 8;

std::string_view name_of(violation v) noexcept;

/// Feed it all lines of the journal, then all lines of every ledger, then finish(). A few dozen bytes per message in
/// flight and one byte per message sent.
class ledger_check {
 public:
  void journal_line(std::string_view line);
  void ledger_line(std::string_view line);
  void finish();

  std::uint64_t count(violation v) const noexcept { return counts_[static_cast<std::size_t>(v)]; }
  bool clean() const noexcept;
  /// What was sent, answered, refused as not sent, told to be unknown (and of these: taken all the same), told to be
  /// not delivered, and taken.
  struct totals {
    std::uint64_t sent = 0, acked = 0, refused = 0, unknown = 0, unknown_taken = 0, undelivered = 0, taken = 0;
  };
  totals const& all() const noexcept { return totals_; }
  /// The first few violations of each kind, in words.
  std::vector<std::string> const& evidence() const noexcept { return evidence_; }

 private:
  enum class fate : std::uint8_t { open, acked, refused, unknown, undelivered, silent };
  struct message {
    fate became = fate::open;
    bool taken = false;
  };
  struct waiting {
    std::uint64_t seq;
    std::uint64_t n;
    bool doubtful;  // behind a notice's lastSeq: on the old channel, not delivered, or on the next one
  };
  /// What one client sent to one service, by n - 1.
  struct account {
    std::vector<message> messages{};
    struct taking {
      std::uint64_t session, first, last;
    };
    std::vector<taking> channels{};
  };
  struct session {
    std::uint64_t client = 0, ordinal = 0;
    std::map<std::string, std::deque<waiting>, std::less<>> unanswered{};
    std::map<std::string, std::uint64_t, std::less<>> last_answered{};
  };
  struct channel {
    std::uint64_t client, session, last;
    account* of;
    std::size_t index;  // in of->channels
  };

  session* find(std::uint64_t client, std::uint64_t ordinal, std::string_view line);
  message* find(std::uint64_t client, std::string_view service, std::uint64_t n);
  void on_sent(std::string_view line);
  void on_answer(std::string_view line);
  void on_error(std::string_view line);
  void on_notice(std::string_view line);
  void end_of(std::uint64_t client, std::uint64_t ordinal, bool by_itself, std::string_view line);
  void settle(session const& of, std::string_view service, waiting const& what, fate became);
  void on_taken(std::string_view line);
  void found(violation v, std::string what);

  std::unordered_map<std::uint64_t, std::map<std::string, account, std::less<>>> accounts_;  // by client
  std::unordered_map<std::uint64_t, session> open_;  // by client: one session each at a time
  std::unordered_map<std::string, channel> channels_;
  std::array<std::uint64_t, violations> counts_{};
  totals totals_;
  std::vector<std::string> evidence_;
};

}  // namespace gw::testbed
