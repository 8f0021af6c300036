#include "instruments/ledger_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace gw::testbed {
namespace {

constexpr std::uint64_t evidence_per_kind = 5;

/// Words of a line, taken one after the other. A word that is missing or no number makes it bad.
class words {
 public:
  explicit words(std::string_view line) noexcept : rest_(line) {}

  std::string_view word() {
    auto const end = std::min(rest_.find(' '), rest_.size());
    auto const found = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    good_ = good_ && !found.empty();
    return found;
  }
  std::uint64_t number() {
    auto const text = word();
    std::uint64_t value = 0;
    auto const [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    good_ = good_ && failed == std::errc() && end == text.data() + text.size();
    return value;
  }
  bool good() const noexcept { return good_; }

 private:
  std::string_view rest_;
  bool good_ = true;
};

}  // namespace

std::string_view name_of(violation v) noexcept {
  constexpr std::array<std::string_view, violations> names = {"lost_acked", "misrouted",    "reordered", "duplicated",
                                                              "silent",     "false_notice", "crc",       "malformed"};
  return names[static_cast<std::size_t>(v)];
}

bool ledger_check::clean() const noexcept {
  return std::all_of(counts_.begin(), counts_.end(), [](std::uint64_t count) { return count == 0; });
}

void ledger_check::found(violation v, std::string what) {
  auto& count = counts_[static_cast<std::size_t>(v)];
  if (++count <= evidence_per_kind) evidence_.push_back(fmt::format("{}: {}", name_of(v), what));
}

ledger_check::session* ledger_check::find(std::uint64_t client, std::uint64_t ordinal, std::string_view line) {
  auto const at = open_.find(client);
  if (at != open_.end() && at->second.ordinal == ordinal) return &at->second;
  found(violation::malformed, fmt::format("no such session is open: {}", line));
  return nullptr;
}

ledger_check::message* ledger_check::find(std::uint64_t client, std::string_view service, std::uint64_t n) {
  auto const of_client = accounts_.find(client);
  if (of_client == accounts_.end()) return nullptr;
  auto const of_service = of_client->second.find(service);
  if (of_service == of_client->second.end() || n == 0 || n > of_service->second.messages.size()) return nullptr;
  return &of_service->second.messages[n - 1];
}

// --- journal ---

void ledger_check::journal_line(std::string_view line) {
  words from(line);
  auto const kind = from.word();
  if (kind == "S") return on_sent(line);
  if (kind == "A") return on_answer(line);
  if (kind == "E") return on_error(line);
  if (kind == "N") return on_notice(line);
  auto const client = from.number();
  auto const ordinal = from.number();
  if (!from.good()) return found(violation::malformed, std::string(line));
  if (kind == "O") {
    if (auto const [_, fresh] = open_.try_emplace(client, session{.client = client, .ordinal = ordinal}); !fresh) {
      found(violation::malformed, fmt::format("two sessions at once: {}", line));
    }
  } else if (kind == "B") {
    found(violation::crc, fmt::format("a message that nobody sent: {}", line));
  } else if (kind == "C" || kind == "F") {
    end_of(client, ordinal, kind == "F", line);
  } else {
    found(violation::malformed, std::string(line));
  }
}

void ledger_check::on_sent(std::string_view line) {
  words from(line.substr(2));
  auto const client = from.number();
  auto const ordinal = from.number();
  auto const seq = from.number();
  auto const service = from.word();
  auto const n = from.number();
  if (!from.good()) return found(violation::malformed, std::string(line));
  auto* const s = find(client, ordinal, line);
  if (s == nullptr) return;
  auto& messages = accounts_[client][std::string(service)].messages;
  if (n != messages.size() + 1) return found(violation::malformed, fmt::format("n does not count up: {}", line));
  messages.push_back({});
  s->unanswered[std::string(service)].push_back({seq, n, false});
  ++totals_.sent;
}

void ledger_check::on_answer(std::string_view line) {
  words from(line.substr(2));
  auto const client = from.number();
  auto const ordinal = from.number();
  auto const of_client = from.number();
  auto const of_session = from.number();
  auto const service = from.word();
  auto const n = from.number();
  auto const instance = from.word();
  if (!from.good()) return found(violation::malformed, std::string(line));
  auto* const s = find(client, ordinal, line);
  if (s == nullptr) return;
  auto* const m = find(client, service, n);
  auto const own_instance = instance.starts_with(service) && instance.substr(service.size()).starts_with('-');
  if (of_client != client || of_session != ordinal || m == nullptr || !own_instance) {
    return found(violation::misrouted, fmt::format("an answer: {}", line));
  }
  if (m->became == fate::acked) return found(violation::duplicated, fmt::format("an answer: {}", line));
  auto& last = s->last_answered[std::string(service)];
  auto& unanswered = s->unanswered[std::string(service)];
  auto const at = std::find_if(unanswered.begin(), unanswered.end(), [&](waiting const& w) { return w.n == n; });
  if (n < last || at == unanswered.end()) {
    found(violation::reordered, fmt::format("an answer behind a later one, or behind its own end: {}", line));
  }
  last = std::max(last, n);
  if (at != unanswered.end()) {
    // One channel answers in order: what is older was on a channel that has ended, and that must have been told.
    for (auto older = unanswered.begin(); older != at; ++older) {
      settle(*s, service, *older, older->doubtful ? fate::undelivered : fate::silent);
    }
    unanswered.erase(unanswered.begin(), at + 1);
  }
  m->became = fate::acked;
  ++totals_.acked;
}

void ledger_check::settle(session const& of, std::string_view service, waiting const& what, fate became) {
  auto* const m = find(of.client, service, what.n);
  if (m == nullptr || m->became != fate::open) return;
  m->became = became;
  if (became == fate::refused) ++totals_.refused;
  if (became == fate::unknown) ++totals_.unknown;
  if (became == fate::undelivered) ++totals_.undelivered;
  if (became == fate::silent) {
    found(violation::silent,
          fmt::format("client {} session {} seq {} service {} n {}", of.client, of.ordinal, what.seq, service, what.n));
  }
}

void ledger_check::on_error(std::string_view line) {
  words from(line.substr(2));
  auto const client = from.number();
  auto const ordinal = from.number();
  auto const seq = from.number();
  auto const seq_to = from.number();
  from.word();
  bool const sent = from.number() != 0;
  if (!from.good()) return found(violation::malformed, std::string(line));
  auto* const s = find(client, ordinal, line);
  if (s == nullptr) return;
  for (auto& [service, unanswered] : s->unanswered) {
    auto const meant = [&](waiting const& w) { return w.seq >= seq && w.seq <= seq_to; };
    for (auto const& w : unanswered) {
      if (meant(w)) settle(*s, service, w, sent ? fate::unknown : fate::refused);
    }
    std::erase_if(unanswered, meant);
  }
}

void ledger_check::on_notice(std::string_view line) {
  words from(line.substr(2));
  auto const client = from.number();
  auto const ordinal = from.number();
  auto const service = from.word();
  from.number();
  auto const last_seq = from.number();
  if (!from.good()) return found(violation::malformed, std::string(line));
  auto* const s = find(client, ordinal, line);
  if (s == nullptr) return;
  auto& unanswered = s->unanswered[std::string(service)];
  while (!unanswered.empty() && unanswered.front().seq <= last_seq) {
    settle(*s, service, unanswered.front(), fate::unknown);
    unanswered.pop_front();
  }
  for (auto& later : unanswered) later.doubtful = true;
}

/// The end of a session explains whatever was on its way, unless the client ended it after having waited in vain.
void ledger_check::end_of(std::uint64_t client, std::uint64_t ordinal, bool by_itself, std::string_view line) {
  auto* const s = find(client, ordinal, line);
  if (s == nullptr) return;
  for (auto const& [service, unanswered] : s->unanswered) {
    for (auto const& w : unanswered) {
      settle(*s, service, w, by_itself && !w.doubtful ? fate::silent : fate::unknown);
    }
  }
  open_.erase(client);
}

// --- ledgers ---

void ledger_check::ledger_line(std::string_view line) {
  if (line.starts_with("bad ")) return found(violation::crc, std::string(line));
  on_taken(line);
}

void ledger_check::on_taken(std::string_view line) {
  words from(line);
  from.word();
  auto const client = from.number();
  auto const ordinal = from.number();
  auto const service = from.word();
  auto const n = from.number();
  auto const instance = from.word();
  auto const connection = from.word();
  if (!from.good()) return found(violation::malformed, std::string(line));
  ++totals_.taken;
  auto* const m = find(client, service, n);
  auto const own_instance = instance.starts_with(service) && instance.substr(service.size()).starts_with('-');
  if (m == nullptr || !own_instance) return found(violation::misrouted, fmt::format("taken: {}", line));
  if (m->taken) return found(violation::duplicated, fmt::format("taken: {}", line));
  m->taken = true;
  if (m->became == fate::unknown) ++totals_.unknown_taken;
  if (m->became == fate::refused || m->became == fate::undelivered) {
    found(violation::false_notice, fmt::format("taken, but told to be not delivered: {}", line));
  }
  auto& of = accounts_.find(client)->second.find(service)->second;
  auto const [at, fresh] = channels_.try_emplace(std::string(connection), channel{client, ordinal, n, &of, 0});
  auto& c = at->second;
  if (fresh) {
    c.index = of.channels.size();
    of.channels.push_back({ordinal, n, n});
    return;
  }
  if (c.client != client || c.session != ordinal || c.of != &of) {
    return found(violation::misrouted,
                 fmt::format("taken on the channel of client {} session {}: {}", c.client, c.session, line));
  }
  if (n <= c.last) found(violation::reordered, fmt::format("taken behind n {}: {}", c.last, line));
  c.last = std::max(c.last, n);
  c.of->channels[c.index].last = c.last;
}

// --- the end ---

void ledger_check::finish() {
  for (auto const& [client, s] : open_) {
    found(violation::malformed, fmt::format("client {} session {} has no end", client, s.ordinal));
  }
  for (auto& [client, services] : accounts_) {
    for (auto& [service, of] : services) {
      for (std::size_t i = 0; i < of.messages.size(); ++i) {
        if (of.messages[i].became == fate::acked && !of.messages[i].taken) {
          found(violation::lost_acked, fmt::format("client {} service {} n {}", client, service, i + 1));
        }
      }
      auto const earlier = [](account::taking const& a, account::taking const& b) { return a.first < b.first; };
      std::sort(of.channels.begin(), of.channels.end(), earlier);
      for (std::size_t i = 1; i < of.channels.size(); ++i) {
        auto const& before = of.channels[i - 1];
        auto const& after = of.channels[i];
        if (after.first <= before.last || after.session < before.session) {
          found(violation::reordered, fmt::format("client {} service {}: a channel took n {} to {}, the next one n {}",
                                                  client, service, before.first, before.last, after.first));
        }
      }
    }
  }
}

}  // namespace gw::testbed
