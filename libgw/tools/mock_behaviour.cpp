#include "tools/mock_behaviour.hpp"

#include "core/did_you_mean.hpp"
#include "wire/close_code.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

namespace gw::tools {
namespace {

constexpr std::size_t largest_message = 64 * 1024 * 1024;

error bad(std::string why) {
  return {errc::bad_usage, side::client, std::move(why), {}};
}

// --- texts to values ---

template <class Number>
result<Number> parse_number(std::string_view text, Number least, Number most) {
  Number value{};
  auto const [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc() || end != text.data() + text.size() || value < least || value > most) {
    return bad(fmt::format("'{}' must be a number from {} to {}", text, least, most));
  }
  return value;
}

result<double> parse_share(std::string_view text) {
  double value = 0;
  auto const [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  std::string_view const unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (failed != std::errc() || unit != "%" || !(value >= 0 && value <= 100)) {
    return bad(fmt::format("'{}' is not a share; write 5% or 0.1%", text));
  }
  return value / 100;
}

std::string share_text(double share) {
  return share == 0 ? std::string() : fmt::format("{:g}%", share * 100);
}

result<bool> parse_switch(std::string_view text) {
  if (text == "on" || text == "true") return true;
  if (text == "off" || text == "false") return false;
  return bad(fmt::format("'{}' is neither on nor off", text));
}

std::string switch_text(bool value) {
  return value ? "on" : "";
}

result<std::size_t> parse_message_size(std::string_view text) {
  auto const size = parse_size(text);
  if (size && *size > largest_message) return bad(fmt::format("'{}' is more than 64MiB", text));
  return size;
}

/// "64KiB/s" as bytes a second.
result<std::size_t> parse_read_rate(std::string_view text) {
  if (!text.ends_with("/s")) return bad(fmt::format("'{}' is not a pace of bytes; write 64KiB/s", text));
  return parse_size(text.substr(0, text.size() - 2));
}

/// "64KiB" or "64KiB 100/s"
result<mock_flood> parse_flood(std::string_view text) {
  auto const space = std::min(text.find(' '), text.size());
  auto const size = parse_message_size(text.substr(0, space));
  if (!size) return size.error();
  mock_flood made{.size = *size};
  if (space == text.size()) return made;
  auto const at = parse_rate(text.substr(space + 1));
  if (!at) return at.error();
  if (at->count == 0) return bad(fmt::format("'{}' would never send; write 'off'", text));
  made.at = *at;
  return made;
}

std::string flood_text(mock_flood const& value) {
  if (value.size == 0) return {};
  return value.at.count == 0 ? size_text(value.size) : fmt::format("{} {}", size_text(value.size), rate_text(value.at));
}

result<std::optional<rate>> parse_push(std::string_view text) {
  auto const parsed = parse_rate(text);
  if (!parsed) return parsed.error();
  if (parsed->count == 0) return std::optional<rate>();
  return std::optional<rate>(*parsed);
}

result<std::uint16_t> parse_close_code(std::string_view text) {
  auto const code = parse_number<std::uint16_t>(text, 1000, 4999);
  if (!code) return bad(fmt::format("'{}' is not a close code (1000 to 4999)", text));
  if (*code != 1006 && !wire::is_valid_on_wire(*code, wire::role::server)) {
    return bad(fmt::format("no server may send {}; 1006 ends without a Close", *code));
  }
  return *code;
}

template <class Value>
struct word {
  std::string_view name;
  Value value;
};
using answer = mock_behaviour::answer;
constexpr std::array<word<answer>, 3> answers = {
    {{"envelope", answer::envelope}, {"raw", answer::raw}, {"none", answer::none}}};
constexpr std::array<word<handshake_behaviour::hang>, 2> hangs = {
    {{"before", handshake_behaviour::hang::before}, {"after", handshake_behaviour::hang::after}}};

template <class Words>
auto parse_word(Words const& words, std::string_view text) -> result<decltype(words[0].value)> {
  std::vector<std::string_view> known;
  for (auto const& w : words) {
    if (w.name == text) return w.value;
    known.push_back(w.name);
  }
  return bad(fmt::format("'{}' is none of the words{}", text, guess_or_list(text, known, "write one of")));
}

template <class Words, class Value>
std::string word_text(Words const& words, Value value) {
  for (auto const& w : words) {
    if (w.value == value) return std::string(w.name);
  }
  return {};
}

/// Puts into `to` what was parsed.
template <class Value, class Parsed>
result<> put(Value& to, result<Parsed> const& parsed) {
  if (!parsed) return parsed.error();
  to = *parsed;
  return {};
}

// --- the table ---

using b = mock_behaviour;
using text = std::string_view;

constexpr std::array<mock_setting, 19> settings = {{
    {"reply", "KIND", "envelope (says who answers), raw (the same bytes) or none [envelope]",
     [](b& to, text t) { return put(to.reply, parse_word(answers, t)); },
     [](b const& from) { return from.reply == answer::envelope ? std::string() : word_text(answers, from.reply); }},
    {"text", "TEXT", "Answer with this; {service} {instance} {n} {path} {/pointer} are filled in",
     [](b& to, text t) -> result<> {
       to.text = reply_template(t);
       to.reply = answer::text;
       return {};
     },
     [](b const& from) { return from.reply == answer::text ? from.text.text() : std::string(); }},
    {"delay", "TIME", "Answer later: 50ms, 5ms..20ms, 5ms±2ms, normal(5ms,2ms) or '5ms p99 80ms'",
     [](b& to, text t) { return put(to.delay, parse_delay(t)); },
     [](b const& from) { return from.delay.is_none() ? std::string() : delay_text(from.delay); }},
    {"fail", "SHARE", "Answer so many of the messages with an error, like 5%",
     [](b& to, text t) { return put(to.fail, parse_share(t)); }, [](b const& from) { return share_text(from.fail); }},
    {"drop", "SHARE", "Do not answer so many of them", [](b& to, text t) { return put(to.drop, parse_share(t)); },
     [](b const& from) { return share_text(from.drop); }},
    {"hang-up", "SHARE", "End the connection at so many of them",
     [](b& to, text t) { return put(to.hang_up, parse_share(t)); },
     [](b const& from) { return share_text(from.hang_up); }},
    {"close-after", "N", "End the connection behind the answer to that many messages",
     [](b& to, text t) { return put(to.close_after, parse_number<std::uint64_t>(t, 0, 1'000'000'000)); },
     [](b const& from) { return from.close_after == 0 ? std::string() : std::to_string(from.close_after); }},
    {"close-code", "CODE", "What both say; 1006: no Close, the connection breaks [1000]",
     [](b& to, text t) { return put(to.close_code, parse_close_code(t)); },
     [](b const& from) { return from.close_code == 1000 ? std::string() : std::to_string(from.close_code); }},
    {"push", "RATE", "Push messages on every connection, like 10/s",
     [](b& to, text t) { return put(to.push, parse_push(t)); },
     [](b const& from) { return from.push ? rate_text(*from.push) : std::string(); }},
    {"flood", "SIZE", "Push messages of that size as fast as it goes; '1KiB 500/s': at that rate",
     [](b& to, text t) { return put(to.flood, parse_flood(t)); }, [](b const& from) { return flood_text(from.flood); }},
    {"oversize", "SIZE", "Answer with texts of that size",
     [](b& to, text t) { return put(to.oversize, parse_message_size(t)); },
     [](b const& from) { return from.oversize == 0 ? std::string() : size_text(from.oversize); }},
    {"masked", "", "Mask what is sent, which no server may do",
     [](b& to, text t) { return put(to.masked, parse_switch(t)); },
     [](b const& from) { return switch_text(from.masked); }},
    {"read-rate", "RATE", "Read slowly, like 64KiB/s",
     [](b& to, text t) { return put(to.read_rate, parse_read_rate(t)); },
     [](b const& from) { return from.read_rate == 0 ? std::string() : size_text(from.read_rate) + "/s"; }},
    {"half-open", "", "Neither read nor send, and do not close",
     [](b& to, text t) { return put(to.half_open, parse_switch(t)); },
     [](b const& from) { return switch_text(from.half_open); }},
    {"accept-delay", "TIME", "Wait so long before the answer to the handshake",
     [](b& to, text t) { return put(to.handshake.delay, parse_duration(t)); },
     [](b const& from) {
       auto const time = from.handshake.delay;
       return time == time.zero() ? std::string() : duration_text(time);
     }},
    {"refuse", "", "Refuse connections", [](b& to, text t) { return put(to.handshake.refuse, parse_switch(t)); },
     [](b const& from) { return switch_text(from.handshake.refuse); }},
    {"status", "STATUS", "Answer the handshake with this HTTP status, like 503",
     [](b& to, text t) { return put(to.handshake.status, parse_number<int>(t, 400, 599)); },
     [](b const& from) { return from.handshake.status == 0 ? std::string() : std::to_string(from.handshake.status); }},
    {"hang", "WHEN", "before: never answer the handshake; after: answer, then neither read nor send",
     [](b& to, text t) { return put(to.handshake.when, parse_word(hangs, t)); },
     [](b const& from) { return word_text(hangs, from.handshake.when); }},
    {"wrong-key", "", "Answer the handshake with a wrong accept key",
     [](b& to, text t) { return put(to.handshake.wrong_key, parse_switch(t)); },
     [](b const& from) { return switch_text(from.handshake.wrong_key); }},
}};

/// Makes one of them what it is if nobody sets it, whatever type it has.
void forget(mock_behaviour& to, std::string_view name) {
  mock_behaviour fresh;
  fresh.book = to.book;
  fresh.log = to.log;
  if (to.reply == answer::ledger) fresh.reply = answer::ledger;
  for (auto const& s : settings) {
    auto const kept = s.show(to);
    if (s.name != name && !kept.empty()) s.set(fresh, kept);
  }
  to = std::move(fresh);
}

}  // namespace

std::span<mock_setting const> mock_settings() {
  return settings;
}

mock_setting const* find_mock_setting(std::string_view name) {
  std::string dashed(name);
  std::replace(dashed.begin(), dashed.end(), '_', '-');
  auto const found = std::find_if(settings.begin(), settings.end(), [&](auto const& s) { return s.name == dashed; });
  return found == settings.end() ? nullptr : &*found;
}

result<> set_behaviour(mock_behaviour& to, std::string_view name, std::string_view value) {
  auto const* const setting = find_mock_setting(name);
  if (setting == nullptr) {
    std::vector<std::string_view> known;
    for (auto const& s : settings) known.push_back(s.name);
    return bad(fmt::format("there is no behaviour '{}'{}", name, guess_or_list(name, known, "there are")));
  }
  if (value == "off") {
    forget(to, setting->name);
    return {};
  }
  auto changed = to;
  if (auto const set = setting->set(changed, value); !set) {
    return bad(fmt::format("{}: {}", name, set.error().context));
  }
  to = std::move(changed);
  return {};
}

}  // namespace gw::tools
