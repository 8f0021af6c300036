// What of a source's answer may be used: the rules for names, addresses and amounts, since whoever can write to a
// registry would else choose whom the gateway connects to. Pure. Used by the watch and by `wsgw services --source`.
#pragma once

#include "config/address.hpp"
#include "config/config.hpp"
#include "discovery/source.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace gw::discovery {

/// Why an offer is not used.
enum class refusal : std::uint8_t {
  name,       // no service may be called so
  host,       // neither an address nor a host name
  port,       // 0
  weight,     // 0
  text,       // zone or metadata hold control characters, or too much
  address,    // lies outside of `networks`, or is a special one
  duplicate,  // the same address again
  too_many,   // more instances, services or host names than anybody has
};
inline constexpr std::size_t refusal_count = 8;
std::string_view name_of(refusal why) noexcept;

struct refused_offer {
  std::string service;  // as the source calls it
  std::string address;  // "host:port"; empty: the service as a whole
  refusal why = refusal::name;

  friend auto operator<=>(refused_offer const&, refused_offer const&) = default;
};

/// An answer, and what became of it.
struct judgement {
  catalogue accepted = {};  // by the names that the gateway uses
  std::vector<refused_offer> refused = {};
};

/// A service that shall be looked up.
struct wanted_service {
  std::string name = {};  // as the gateway calls it
  std::string id = {};    // as the source calls it
};

/// Where the gateway itself listens.
struct own_address {
  config::ip_bytes ip{};
  std::uint16_t port = 0;
};

class judge {
 public:
  static constexpr std::size_t most_services = 2'000;
  static constexpr std::size_t most_instances = 2'000;  // of a service
  static constexpr std::size_t most_offers = 50'000;
  static constexpr std::size_t most_hosts = 1'000;  // that are names: each is looked up, again and again
  static constexpr std::size_t heaviest = 1'000;
  static constexpr std::size_t longest_text = 256;  // of a zone, and of a name and a value of metadata
  static constexpr std::size_t most_metadata = 64;

  /// `ignores_case`: of the names of services.
  judge(config::discovery const& settings, std::vector<wanted_service> wanted, bool ignores_case,
        std::vector<own_address> own);

  /// Services that nobody wants are passed over in silence; what several are to be found under is offered to each.
  /// Weights above `heaviest` are scaled down, all of a service alike.
  judgement operator()(catalogue const& listed) const;

  /// Whether a host may stand for this address (an IP literal).
  bool admits(std::string_view ip, std::uint16_t port) const;

 private:
  std::string key_of(std::string_view id) const;
  std::vector<std::string> called_here(std::string_view id) const;
  std::optional<refusal> fault_of(offer const& o) const;
  void add(std::string const& service, std::string const& name, std::vector<offer> const& offers,
           std::set<std::string>& hosts, judgement& to) const;
  bool is_own(config::ip_bytes const& ip, std::uint16_t port) const;

  config::discovery settings_;
  bool ignores_case_;
  std::multimap<std::string, std::string> names_by_id_;  // of the wanted services
  std::set<std::string> names_;
  std::vector<own_address> own_;
  std::vector<config::cidr> networks_;
};

/// Whether `text` is of `pattern`, in which `*` stands for any characters.
bool matches_pattern(std::string_view pattern, std::string_view text) noexcept;

}  // namespace gw::discovery
