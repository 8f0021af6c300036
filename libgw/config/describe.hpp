// The only list of keys: name, meaning, type, bounds and default of everything a configuration file may say. The
// loader, the reference and the commented example walk it. To add a key: a member in config.hpp and a line in the
// describe file of its section.
#pragma once

#include "config/config.hpp"
#include "config/tree.hpp"

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace gw::config {

/// One key of a section whose values live in an `Owner`.
template <class Owner>
struct setting {
  std::string_view name;          // may be dotted: "queue.high" is `queue = { high = … }`
  std::string_view doc;           // one sentence
  std::string type;               // "duration"
  std::string bounds;             // "1ms to 5m"; may be empty
  std::string schema;             // a JSON Schema, as text
  bool inherited = false;         // repeats a key of another section, where it is documented
  std::string_view example = {};  // for the example file, where the default would say nothing; TOML

  std::function<void(Owner&, node const&, faults&)> read;  // on a fault the old value stays
  std::function<std::string(Owner const&)> show;           // the current value as TOML; empty = not set

  std::string default_text() const { return show(Owner{}); }

  /// `access` is a member pointer or anything that turns an Owner& into the member's reference.
  template <class Access, class Type>
  setting(std::string_view key, Access access, Type value_type, std::string_view meaning,
          std::string_view example_value = {})
      : name(key),
        doc(meaning),
        type(value_type.name()),
        bounds(value_type.bounds()),
        schema(value_type.schema()),
        example(example_value),
        read([access, value_type](Owner& to, node const& from, faults& out) {
          value_type.read(from, std::invoke(access, to), out);
        }),
        show([access, value_type](Owner const& from) { return value_type.show(std::invoke(access, from)); }) {}

  /// A setting of a part of the owner, seen as the owner's.
  template <class Part>
  setting(setting<Part> const& part, Part Owner::*where)
      : name(part.name),
        doc(part.doc),
        type(part.type),
        bounds(part.bounds),
        schema(part.schema),
        inherited(true),
        read([read_part = part.read, where](Owner& to, node const& from, faults& out) {
          read_part(to.*where, from, out);
        }),
        show([show_part = part.show, where](Owner const& from) { return show_part(from.*where); }) {}
};

/// The one key that is about the texts, not about the gateway.
inline constexpr std::string_view include_key = "include";

/// The access to a member of a part of an owner.
template <class Owner, class Part, class Value>
auto part_of(Part Owner::*part, Value Part::*member) {
  return [ part, member ](auto& owner) -> auto& {
    return (owner.*part).*member;
  };
}

/// How a section stands in a file: [name], [[name]] or [name.X]; the top of the file has no name.
enum class shape : std::uint8_t { top, table, list, named };

/// Reports a contradiction between the keys named first; the first of them that the file has gives the place.
using complain = std::function<void(std::initializer_list<std::string_view> keys, std::string text)>;

template <class Owner>
struct section {
  std::string_view name;
  shape form;
  std::string_view doc;
  std::vector<setting<Owner>> settings;
  std::function<void(Owner const&, complain const&)> check = {};  // what one key alone cannot show; may be empty

  setting<Owner> const* find(std::string_view key) const {
    for (auto const& s : settings) {
      if (s.name == key) return &s;
    }
    return nullptr;
  }
};

section<config> const& top_section();
section<listener> const& listener_section();
section<url_rule> const& url_rule_section();
section<rule> const& rule_section();
section<route> const& route_section();
section<session> const& session_section();
section<channel> const& channel_section();
section<balancer> const& balancer_section();
section<service> const& service_section();
section<discovery> const& discovery_section();
section<health> const& health_section();
section<admin> const& admin_section();
section<log> const& log_section();
section<shutdown> const& shutdown_section();

/// "[channel]", "[[listener]]", "[services.NAME]"; nothing for the top.
template <class Owner>
std::string heading_of(section<Owner> const& s) {
  std::string const name(s.name);
  switch (s.form) {
    case shape::top:
      return {};
    case shape::table:
      return "[" + name + "]";
    case shape::list:
      return "[[" + name + "]]";
    case shape::named:
      return "[" + name + ".NAME]";
  }
  return {};
}

/// Calls visit(section, member of config) for every section but the top, in the order of the reference. [channel]
/// comes before the services that override it.
template <class Visit>
void each_section(Visit&& visit) {
  visit(listener_section(), &config::listeners);
  visit(url_rule_section(), &config::url_rule);
  visit(rule_section(), &config::rules);
  visit(route_section(), &config::routes);
  visit(session_section(), &config::session);
  visit(channel_section(), &config::channel);
  visit(balancer_section(), &config::balancer);
  visit(service_section(), &config::services);
  visit(discovery_section(), &config::discoveries);
  visit(health_section(), &config::health);
  visit(admin_section(), &config::admin);
  visit(log_section(), &config::log);
  visit(shutdown_section(), &config::shutdown);
}

/// Key for which people write `word`: "bind" for "address"; empty if there is no such custom.
std::string_view customary_key(std::string_view word);

}  // namespace gw::config
