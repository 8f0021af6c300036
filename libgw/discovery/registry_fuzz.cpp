// The decoders of what registries say: the first byte chooses one, the rest is its answer, cut at line ends where
// answers follow each other. Whatever comes, nothing is thrown, and what is offered has the shape of an offer.
#include "discovery/consul_list.hpp"
#include "discovery/etcd_keys.hpp"
#include "discovery/eureka_apps.hpp"
#include "discovery/kubernetes_slices.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace gw::discovery;

void require(bool holds) {
  if (!holds) std::abort();
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    auto const end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (lines.empty()) lines.emplace_back();
  return lines;
}

void check(catalogue const& all) {
  for (auto const& [service, offers] : all) {
    for (auto const& o : offers) require(o.weight >= 1 && !o.id.empty());
  }
}

void check_eureka(std::vector<std::string_view> const& lines) {
  auto apps = eureka_apps::parse(lines.front());
  if (!apps) return;
  check(apps->routable());
  for (std::size_t i = 1; i < lines.size(); ++i) {
    auto const before = apps->routable();
    auto const applied = apps->apply(lines[i]);
    require(applied || apps->routable() == before);
  }
  check(apps->routable());
}

void check_consul(std::string_view answer) {
  if (auto const health = parse_consul_health(answer)) {
    for (auto const& o : health->offers) require(o.weight >= 1);
  }
  if (auto const services = parse_consul_services(answer)) {
    require(std::is_sorted(services->begin(), services->end()));
  }
}

void check_kubernetes(std::vector<std::string_view> const& lines) {
  kubernetes_slices slices("");
  if (!slices.take_page(lines.front(), true)) return;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    auto const before = slices.routable();
    auto const news = slices.take_event(lines[i]);
    require((news && *news == kubernetes_slices::news::changed) || slices.routable() == before);
  }
  check(slices.routable());
}

void check_etcd(std::vector<std::string_view> const& lines) {
  etcd_keys keys("/services");
  if (!keys.take_range(lines.front())) return;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    auto const before = keys.routable();
    auto const revision = keys.revision();
    auto const news = keys.take_line(lines[i]);
    bool const same = keys.routable() == before;
    require(keys.revision() >= revision);
    require((news && *news == etcd_keys::news::changed) || same);
  }
  check(keys.routable());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view const text(reinterpret_cast<char const*>(data) + 1, size - 1);
  auto const lines = lines_of(text);
  switch (data[0]) {
    case 'e':
      check_eureka(lines);
      break;
    case 'c':
      check_consul(text);
      break;
    case 'k':
      check_kubernetes(lines);
      break;
    default:
      check_etcd(lines);
  }
  return 0;
}
