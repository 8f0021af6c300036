#include "discovery/judge.hpp"

#include "core/letters.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <tuple>
#include <utility>

namespace gw::discovery {
namespace {

/// Nobody's service: each of these leads somewhere else on every host, or to many.
bool is_special(config::ip_bytes const& ip) {
  static auto const special = [] {
    std::vector<config::cidr> all;
    for (auto const* const text : {"0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "255.255.255.255",
                                   "::/128", "::1/128", "fe80::/10", "ff00::/8"}) {
      all.push_back(*config::parse_cidr(text));
    }
    return all;
  }();
  return std::any_of(special.begin(), special.end(), [&ip](config::cidr const& c) { return c.contains(ip); });
}

bool is_plain(std::string_view text) {
  return text.size() <= judge::longest_text && std::all_of(text.begin(), text.end(), [](char c) {
           return static_cast<unsigned char>(c) >= ' ' && c != 0x7f;
         });
}

bool has_plain_texts(offer const& o) {
  return is_plain(o.zone) && o.metadata.size() <= judge::most_metadata &&
         std::all_of(o.metadata.begin(), o.metadata.end(),
                     [](auto const& m) { return is_plain(m.first) && is_plain(m.second); });
}

/// Addresses are data of a stranger also where they are shown.
std::string shown(offer const& o) {
  auto text = config::host_port_text(o.host.substr(0, judge::longest_text), o.port);
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; }, '?');
  return text;
}

void scale_weights(std::vector<offer>& offers) {
  std::size_t largest = judge::heaviest;
  for (auto const& o : offers) largest = std::max(largest, o.weight);
  if (largest == judge::heaviest) return;
  auto const share = static_cast<double>(judge::heaviest) / static_cast<double>(largest);
  for (auto& o : offers) {
    o.weight = std::max<std::size_t>(1, static_cast<std::size_t>(static_cast<double>(o.weight) * share));
  }
}

}  // namespace

std::string_view name_of(refusal why) noexcept {
  constexpr std::array<std::string_view, refusal_count> names = {"name", "host",    "port",      "weight",
                                                                 "text", "address", "duplicate", "too_many"};
  return names[static_cast<std::size_t>(why)];
}

bool matches_pattern(std::string_view pattern, std::string_view text) noexcept {
  // Of several stars only the last one needs to be taken back: the earlier ones could not have done better.
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t behind_star = pattern.npos;
  std::size_t taken = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      behind_star = ++p;
      taken = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (behind_star != pattern.npos) {
      p = behind_star;
      t = ++taken;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == pattern.npos;
}

judge::judge(config::discovery const& settings, std::vector<wanted_service> wanted, bool ignores_case,
             std::vector<own_address> own)
    : settings_(settings), ignores_case_(ignores_case), own_(std::move(own)) {
  for (auto& w : wanted) {
    names_.insert(w.name);
    names_by_id_.emplace(key_of(w.id), std::move(w.name));
  }
  for (auto const& written : settings.networks) {
    if (auto const known = config::parse_cidr(written)) networks_.push_back(*known);
  }
}

bool judge::admits(std::string_view ip, std::uint16_t port) const {
  auto const address = config::parse_ip(ip);
  if (!address) return false;
  if (networks_.empty()) return !is_special(*address) && !is_own(*address, port);
  return std::any_of(networks_.begin(), networks_.end(),
                     [&address](config::cidr const& c) { return c.contains(*address); });
}

bool judge::is_own(config::ip_bytes const& ip, std::uint16_t port) const {
  return std::any_of(own_.begin(), own_.end(), [&](own_address const& o) { return o.ip == ip && o.port == port; });
}

std::string judge::key_of(std::string_view id) const {
  return ignores_case_ ? lower(id) : std::string(id);
}

/// How the gateway calls the service that the source calls `id`; nothing if it does not care for it.
std::vector<std::string> judge::called_here(std::string_view id) const {
  auto const key = key_of(id);
  std::vector<std::string> names;
  auto const [first, last] = names_by_id_.equal_range(key);
  for (auto at = first; at != last; ++at) names.push_back(at->second);
  if (!names.empty() || !settings_.any_service) return names;
  auto const is_of = [&key](std::string const& pattern) { return matches_pattern(pattern, key); };
  bool const allowed = std::any_of(settings_.allow.begin(), settings_.allow.end(), is_of) &&
                       std::none_of(settings_.deny.begin(), settings_.deny.end(), is_of);
  // A service of ours that is to be found under another id is not this one, whatever it is called there.
  if (allowed && !names_.contains(key)) names.push_back(key);
  return names;
}

std::optional<refusal> judge::fault_of(offer const& o) const {
  if (o.port == 0) return refusal::port;
  bool const is_ip = config::is_ip_literal(o.host);
  if (!is_ip && !config::parse_host_port(config::host_port_text(o.host, o.port))) return refusal::host;
  if (o.weight == 0) return refusal::weight;
  if (!has_plain_texts(o)) return refusal::text;
  if (is_ip && !admits(o.host, o.port)) return refusal::address;
  return std::nullopt;
}

void judge::add(std::string const& service, std::string const& name, std::vector<offer> const& offers,
                std::set<std::string>& hosts, judgement& to) const {
  auto& accepted = to.accepted[name];
  std::set<std::pair<std::string, std::uint16_t>> seen;
  for (auto const& o : offers) {
    auto why = fault_of(o);
    auto const ip = config::parse_ip(o.host);
    if (!why && !seen.emplace(ip ? config::to_text(*ip) : o.host, o.port).second) why = refusal::duplicate;
    if (!why && accepted.size() == most_instances) why = refusal::too_many;
    if (!why && !ip && !hosts.contains(o.host)) {
      if (hosts.size() == most_hosts) {
        why = refusal::too_many;
      } else {
        hosts.insert(o.host);
      }
    }
    if (why) {
      to.refused.push_back({service.substr(0, longest_text), shown(o), *why});
      continue;
    }
    accepted.push_back(o);
    if (accepted.back().zone.empty()) accepted.back().zone = settings_.zone;
  }
  scale_weights(accepted);
  // Sources list in any order; equal sets shall be equal.
  std::sort(accepted.begin(), accepted.end(),
            [](offer const& a, offer const& b) { return std::tie(a.host, a.port) < std::tie(b.host, b.port); });
}

judgement judge::operator()(catalogue const& listed) const {
  judgement made;
  std::size_t total = 0;
  std::set<std::string> hosts;
  for (auto const& [service, offers] : listed) {
    for (auto const& name : called_here(service)) {
      total += offers.size();
      if (!config::service_name_fault(name).empty()) {
        made.refused.push_back({service.substr(0, longest_text), {}, refusal::name});
      } else if (made.accepted.size() == most_services || total > most_offers) {
        made.refused.push_back({service.substr(0, longest_text), {}, refusal::too_many});
      } else if (!made.accepted.contains(name)) {
        add(service, name, offers, hosts, made);
      }
    }
  }
  return made;
}

}  // namespace gw::discovery
