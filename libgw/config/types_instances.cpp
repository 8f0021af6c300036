// The type of `instances`: where a service runs, and what is told of each place.
#include "config/address.hpp"
#include "config/types.hpp"
#include "core/did_you_mean.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace gw::config::types {
namespace {

constexpr auto instance_keys = std::to_array<std::string_view>({"addr", "weight", "zone", "metadata", "draining"});
constexpr std::string_view form = "{ addr, weight, zone, metadata, draining }";
constexpr count weights{1, 1000};

void read_address(node const& from, instance& to, faults& out) {
  auto const before = out.size();
  std::string written;
  text{}.read(from, written, out);
  if (out.size() != before) return;
  auto parsed = parse_host_port(written);
  if (!parsed) return out.push_back({from.at, parsed.error().context});
  to.host = std::move(parsed->host);
  to.port = parsed->port;
}

void read_instance_table(node const& from, instance& to, faults& out) {
  for (auto const& [key, at, value] : *from.as<node::table>()) {
    if (key == "addr") {
      read_address(value, to, out);
    } else if (key == "weight") {
      weights.read(value, to.weight, out);
    } else if (key == "zone") {
      text{}.read(value, to.zone, out);
    } else if (key == "metadata") {
      labels{}.read(value, to.metadata, out);
    } else if (key == "draining") {
      flag{}.read(value, to.draining, out);
    } else {
      out.push_back({at, fmt::format("unknown key '{}'{}", key, did_you_mean_text(key, instance_keys))});
    }
  }
  if (from.find("addr") == nullptr) out.push_back({from.at, "has no address; write { addr = \"host:port\" }"});
}

std::string shown(instance const& one) {
  auto const address = quoted(host_port_text(one.host, one.port));
  instance plain{.host = one.host, .port = one.port};
  if (one == plain) return address;
  auto text = fmt::format("{{ addr = {}, weight = {}", address, one.weight);
  if (!one.zone.empty()) text += ", zone = " + quoted(one.zone);
  if (!one.metadata.empty()) text += ", metadata = " + labels{}.show(one.metadata);
  if (one.draining) text += ", draining = true";
  return text + " }";
}

}  // namespace

void labels::read(node const& from, metadata& to, faults& out) const {
  auto const* const members = from.as<node::table>();
  if (members == nullptr) {
    return out.push_back({from.at, fmt::format("must be {{ NAME = \"TEXT\" }}, not {}", from.kind())});
  }
  auto const before = out.size();
  metadata values;
  for (auto const& m : *members) text{}.read(m.value, values[m.key], out);
  if (out.size() == before) to = std::move(values);
}

std::string labels::show(metadata const& value) const {
  std::string joined;
  for (auto const& [name, meaning] : value) {
    joined += fmt::format("{}{} = {}", joined.empty() ? " " : ", ", bare_or_quoted(name), quoted(meaning));
  }
  return joined.empty() ? "{}" : "{" + joined + " }";
}

void instances::read(node const& from, std::vector<instance>& to, faults& out) const {
  auto const* const list = from.as<node::list>();
  if (list == nullptr) {
    return out.push_back({from.at, fmt::format("must be a list of addresses, not {}", from.kind())});
  }
  auto const before = out.size();
  std::vector<instance> read;
  for (auto const& element : *list) {
    auto const faults_before = out.size();
    instance one;
    if (element.as<std::string>() != nullptr) {
      read_address(element, one, out);
    } else if (element.as<node::table>() != nullptr) {
      read_instance_table(element, one, out);
    } else {
      out.push_back({element.at, fmt::format("must be \"host:port\" or {}, not {}", form, element.kind())});
    }
    if (out.size() != faults_before) continue;
    auto const same = [&](instance const& other) { return other.host == one.host && other.port == one.port; };
    if (std::any_of(read.begin(), read.end(), same)) {
      out.push_back({element.at, fmt::format("'{}' is listed twice", host_port_text(one.host, one.port))});
    }
    read.push_back(std::move(one));
  }
  if (list->empty()) out.push_back({from.at, "is empty; write [\"host:port\"]"});
  if (out.size() == before) to = std::move(read);
}

std::string instances::show(std::vector<instance> const& value) const {
  std::string joined;
  for (auto const& one : value) joined += (joined.empty() ? "" : ", ") + shown(one);
  return "[" + joined + "]";
}

std::string instances::bounds() const {
  return fmt::format("\"host:port\" or {}", form);
}

}  // namespace gw::config::types
