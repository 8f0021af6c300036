#include "discovery/kinds.hpp"

#include "discovery/consul_source.hpp"
#include "discovery/dns_source.hpp"
#include "discovery/etcd_source.hpp"
#include "discovery/eureka_source.hpp"
#include "discovery/file_source.hpp"
#include "discovery/kubernetes_source.hpp"

#include <array>

namespace gw::discovery {
namespace {

using keys = std::span<std::string_view const>;

constexpr auto of_consul = std::to_array<std::string_view>({"urls"});
constexpr auto also_of_consul = std::to_array<std::string_view>(
    {"tls.verify", "tls.ca", "connect_timeout", "read_timeout", "token_file", "datacenter", "tag"});
constexpr auto of_dns = std::to_array<std::string_view>({"domain"});
constexpr auto also_of_dns = std::to_array<std::string_view>({"record", "port", "servers", "read_timeout"});
constexpr auto of_etcd = std::to_array<std::string_view>({"urls", "prefix"});
constexpr auto of_eureka = std::to_array<std::string_view>({"urls"});
constexpr auto also_of_eureka = std::to_array<std::string_view>(
    {"tls.verify", "tls.ca", "connect_timeout", "read_timeout", "register", "service_name", "advertise"});
constexpr auto of_file = std::to_array<std::string_view>({"path"});
constexpr auto also_of_kubernetes =
    std::to_array<std::string_view>({"urls", "tls.verify", "tls.ca", "connect_timeout", "read_timeout", "token_file",
                                     "namespace", "port_name", "label"});
constexpr auto of_http = std::to_array<std::string_view>({"tls.verify", "tls.ca", "connect_timeout", "read_timeout"});

}  // namespace

source_kind const* find_source_kind(std::string_view type) {
  for (auto const& k : source_kinds()) {
    if (k.name == type) return &k;
  }
  return nullptr;
}

std::vector<config::source_type> source_types() {
  std::vector<config::source_type> types;
  for (auto const& k : source_kinds()) types.push_back({k.name, k.needs, k.takes});
  return types;
}

std::vector<config::word> source_words() {
  std::vector<config::word> words;
  for (auto const& k : source_kinds()) words.push_back({k.name, k.summary});
  return words;
}

std::span<source_kind const> source_kinds() {
  static constexpr auto kinds = std::to_array<source_kind>({
      {{"consul", "The agent of a Consul cluster.", make_consul}, of_consul, also_of_consul},
      {{"dns", "Name servers, with SRV or address records.", make_dns}, of_dns, also_of_dns},
      {{"etcd", "Keys in etcd v3.", make_etcd}, of_etcd, of_http},
      {{"eureka", "Eureka servers, as Spring Cloud has them.", make_eureka}, of_eureka, also_of_eureka, true},
      {{"file", "A .toml or .json file, or a folder of them.", make_file}, of_file},
      {{"kubernetes", "EndpointSlices, from the API server.", make_kubernetes}, keys(), also_of_kubernetes},
  });
  return kinds;
}

}  // namespace gw::discovery
