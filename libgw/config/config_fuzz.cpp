// Any text loads or is refused; a refusal says what is wrong and can be shown; what loads without problems keeps the
// invariants that the rest of the program builds on.
#include "config/address.hpp"
#include "config/load.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string_view>

namespace {

/// A world without a system: every file is the same, every pattern finds two, some variables are set.
gw::config::outside_knowledge fuzz_world(std::string const& text) {
  gw::config::outside_knowledge outside;
  outside.judge_regex = [](std::string_view regex) -> std::optional<gw::text_fault> {
    if (regex.find('[') == regex.npos) return std::nullopt;
    return {{regex.find('['), "a class"}};
  };
  outside.captures_of = [](std::string_view regex) -> std::vector<std::string> {
    auto const at = regex.find("(?P<");
    if (at == regex.npos) return {};
    auto const name = regex.substr(at + 4);
    return {std::string(name.substr(0, name.find('>')))};
  };
  outside.read = [text](std::string const& path, std::size_t) -> gw::result<std::string> {
    if (path.ends_with(".toml")) return text;
    return "-----BEGIN " + path;
  };
  outside.match = [](std::string const& pattern) -> std::vector<std::string> {
    return {pattern + "1.toml", pattern + "2.toml"};
  };
  outside.variable = [](std::string const& name) -> std::optional<std::string> {
    if (name.size() % 2 == 0) return std::nullopt;
    return "${" + name + "}";
  };
  return outside;
}

void require(bool holds) {
  if (!holds) __builtin_trap();
}

void check_sound(gw::config::config const& c) {
  bool const any_service = std::any_of(c.discoveries.begin(), c.discoveries.end(),
                                       [](gw::config::discovery const& d) { return d.any_service; });
  require((any_service || !c.services.empty()) && !c.listeners.empty());
  require(c.session.queue.low < c.session.queue.high);
  require(c.session.bad_messages.count > 0 && c.session.bad_messages.per.count() > 0);
  require((c.memory.bytes == 0) != (c.memory.percent == 0));
  for (auto const& l : c.listeners) {
    require(gw::config::parse_bind(l.bind).has_value());
    require(l.tls.cert.empty() == l.tls.key.empty());
    for (auto const& network : l.trusted_proxies) require(gw::config::parse_cidr(network).has_value());
  }
  std::set<std::string_view> names;
  for (auto const& s : c.services) {
    names.insert(s.name);
    require((!s.instances.empty() || !s.discovery.empty()) && gw::config::service_name_fault(s.name).empty());
    require(s.channel.queue.low < s.channel.queue.high);
    require(s.channel.ping_interval.count() == 0 || s.channel.pong_timeout.count() > 0);
    for (auto const& i : s.instances) require(i.port != 0 && !i.host.empty() && i.weight != 0);
  }
  std::set<std::string_view> ids;
  for (auto const& r : c.rules) {
    require(!r.id.empty() && ids.insert(r.id).second);
    require(r.service.find('{') != r.service.npos || names.contains(r.service));
    require(r.instance.empty() || r.key.empty());
    for (auto const& network : r.when.client) require(gw::config::parse_cidr(network).has_value());
    for (auto const& header : r.when.headers) require(!header.name.empty());
  }
  for (auto const& r : c.routes) require(names.contains(std::string_view(r.uri).substr(5)) && r.on == "handshake");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string const text(reinterpret_cast<char const*>(data), size);
  auto const outside = fuzz_world(text);
  // The first line once more as a flag, above the rest.
  gw::config::origins const from{
      .files = {"fuzz.toml"},
      .overlays = {{.from = "--set", .text = text.substr(0, text.find('\n'))}},
  };
  for (auto const& result : {load_text(text, "fuzz.toml", outside), load(from, outside)}) {
    for (auto const& p : result.problems) require(!p.text.empty() && !format(p).empty());
    if (result.problems.empty()) check_sound(result.value);
  }
  return 0;
}
