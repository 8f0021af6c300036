#include "discovery/publication.hpp"

#include "core/log.hpp"
#include "discovery/kinds.hpp"
#include "net/persist.hpp"
#include "net/shortage.hpp"
#include "net/stream.hpp"

#include <algorithm>
#include <functional>
#include <random>
#include <utility>

namespace gw::discovery {
namespace {

constexpr duration dial_limit = std::chrono::seconds(1);

/// Whether anybody takes connections there. What cannot be found out for a lack of our own is taken for yes.
net::awaitable<bool> takes_connections(net::loop& on, std::string ip, std::uint16_t port) {
  auto const at = net::address::of_ip(ip, port);
  if (!at) co_return false;
  net::stream tried(on);
  net::deadline const limit(on, tried, dial_limit);
  auto const connected = co_await tried.connect(*at);
  co_return connected || net::is_our_shortage(connected.error().cause);
}

config::instance as_written(offer const& o) {
  return {.host = o.host,
          .port = o.port,
          .weight = o.weight,
          .zone = o.zone,
          .metadata = {o.metadata.begin(), o.metadata.end()},
          .draining = o.draining};
}

/// What the source knows of this service, where the source may say that it is: what its names stand for elsewhere does
/// not count.
void append_believed(watch const& by, std::string const& service, std::vector<cluster::located_instance>& to) {
  auto const listed = by.believed().find(service);
  if (listed == by.believed().end()) return;
  for (auto const& o : listed->second) {
    for (auto& ip : by.addresses_of(o.host, o.port)) to.push_back({as_written(o), std::move(ip)});
  }
}

std::vector<std::string> ids_of(std::vector<wanted_service> const& wanted) {
  std::vector<std::string> ids;
  for (auto const& w : wanted) ids.push_back(w.id);
  return ids;
}

}  // namespace

std::vector<wanted_service> services_from(config::config const& settings, std::string_view name) {
  std::vector<wanted_service> wanted;
  for (auto const& s : settings.services) {
    if (s.discovery == name) wanted.push_back({s.name, s.service_id.empty() ? s.name : s.service_id});
  }
  return wanted;
}

config::config with_places(config::config settings) {
  bool const any = std::any_of(settings.discoveries.begin(), settings.discoveries.end(),
                               [](config::discovery const& d) { return d.any_service; });
  for (std::size_t i = 0; any && i < publication::most_found; ++i) {
    settings.services.push_back({.channel = settings.channel});
  }
  return settings;
}

publication::publication(net::loop& where, config::config const& settings, std::size_t workers, listeners told)
    : loop_(where),
      settings_(settings),
      workers_(workers),
      told_(std::move(told)),
      names_(where),
      running_(where.where()),
      names_due_(where.where()) {}

publication::~publication() = default;

result<> publication::open(std::vector<own_address> const& own) {
  for (auto const& d : settings_.discoveries) {
    auto opened = open_watch(d, own);
    if (opened) opened = open_self_entry(d);
    if (opened) continue;
    auto why = opened.error();
    why.context = "discovery." + d.name + ": " + why.context;
    return why;
  }
  return {};
}

/// None where there is nothing to be asked: the registry may be there for the gateway's own entry.
result<> publication::open_watch(config::discovery const& settings, std::vector<own_address> const& own) {
  auto wanted = services_from(settings_, settings.name);
  if (wanted.empty() && !settings.any_service) return {};
  auto const* const kind = find_source_kind(settings.type);
  if (kind == nullptr) return error{errc::bad_config, side::gateway, "no such type", {}};
  auto made = kind->make({loop_, settings, ids_of(wanted)});
  if (!made) return made.error();
  auto const anybody = [&on = loop_](std::string ip, std::uint16_t port) {
    return takes_connections(on, std::move(ip), port);
  };
  auto const seed = static_cast<std::uint32_t>(std::hash<std::string>()(settings.name) ^ std::random_device()());
  watches_.push_back(
      {settings, std::make_unique<watch>(
                     loop_, settings, std::move(*made), judge(settings, std::move(wanted), kind->ignores_case, own),
                     watch::network{anybody}, watch::listeners{[this] { publish(); }, told_.reported}, seed)});
  return {};
}

result<> publication::open_self_entry(config::discovery const& settings) {
  auto self = make_self_entry(loop_, settings);
  if (!self) return self.error();
  if (*self) self_entries_.push_back(std::move(*self));
  return {};
}

net::awaitable<void> publication::begin() {
  std::vector<std::string> hosts;
  for (auto const& s : settings_.services) {
    for (auto const& i : s.instances) {
      if (!config::is_ip_literal(i.host)) hosts.push_back(i.host);
    }
  }
  co_await names_.learn(std::move(hosts));
  make_snapshot();
}

net::awaitable<void> publication::run() {
  for (auto& w : watches_)
    running_.spawn(net::persist(
        loop_, [&source = *w.source] { return source.run(); }, w.settings.name));
  for (auto& s : self_entries_)
    running_.spawn(net::persist(
        loop_, [&entry = *s] { return entry.keep(); }, "self_entry"));
  running_.spawn(net::persist(
      loop_, [this] { return follow_names(); }, "names"));
  co_await running_.join();
}

void publication::leave() noexcept {
  for (auto& s : self_entries_) s->end();
}

void publication::stop() noexcept {
  stopping_ = true;
  names_due_.set();
  names_.stop();
  for (auto& w : watches_) w.source->stop();
  leave();
}

std::vector<watch_report> publication::reports() const {
  std::vector<watch_report> all;
  for (auto const& w : watches_) all.push_back(w.source->report());
  return all;
}

bool publication::any_names() const noexcept {
  return !names_.empty() || !watches_.empty();
}

net::awaitable<void> publication::follow_names() {
  if (!any_names()) co_return;
  net::timer again(loop_.wheel, names_due_);
  for (;;) {
    names_due_.clear();
    again.start(names_period);
    if (!stopping_) co_await names_due_.wait();
    if (stopping_) co_return;
    // Each publishes what it found: the slow names of one source hold up no other's.
    auto const refresh = [&](std::size_t i) {
      return refresh_names(i == 0 ? names_ : watches_[i - 1].source->names());
    };
    co_await net::side_by_side(loop_.where(), 1 + watches_.size(), 1 + watches_.size(), refresh);
  }
}

net::awaitable<void> publication::refresh_names(name_book& names) {
  if (co_await names.refresh() && !stopping_) publish();
}

watch const* publication::watch_of(config::service const& s) const noexcept {
  for (auto const& w : watches_) {
    if (w.settings.name == s.discovery) return w.source.get();
  }
  return nullptr;
}

/// A service that was found keeps its place, with or without instances: who routes to it may not be led elsewhere.
void publication::give_places() {
  auto const& named = settings_.services;
  auto const is_nameless = [](config::service const& s) { return s.name.empty(); };
  auto const places = static_cast<std::size_t>(std::count_if(named.begin(), named.end(), is_nameless));
  for (auto const& w : watches_) {
    if (!w.settings.any_service) continue;
    for (auto const& [service, offers] : w.source->believed()) {
      auto const is_it = [&name = service](config::service const& s) { return s.name == name; };
      bool const known = std::any_of(named.begin(), named.end(), is_it) ||
                         std::find(found_.begin(), found_.end(), service) != found_.end();
      if (known || offers.empty()) continue;
      if (found_.size() < places) {
        found_.push_back(service);
      } else if (!std::exchange(is_full_, true)) {
        log::event(log::level::warning, "too_many_services",
                   {{"source", w.settings.name}, {"service", service}, {"most", places}});
      }
    }
  }
}

std::vector<cluster::located_instance> publication::instances_of(config::service const& s) const {
  auto const by_configuration = [this](std::string_view host, std::uint16_t) { return names_.addresses_of(host); };
  auto instances = cluster::located(s.instances, by_configuration);
  if (auto const* const from = watch_of(s); from != nullptr) append_believed(*from, s.name, instances);
  return instances;
}

std::vector<cluster::located_instance> publication::instances_of_found(std::string const& service) const {
  std::vector<cluster::located_instance> instances;
  for (auto const& w : watches_) {
    if (w.settings.any_service) append_believed(*w.source, service, instances);
  }
  return instances;
}

void publication::make_snapshot() {
  give_places();
  std::vector<cluster::located_service> services;
  auto next_found = found_.begin();
  for (auto const& s : settings_.services) {
    auto& one = services.emplace_back();
    if (!s.name.empty()) {
      one = {s.name, instances_of(s)};
    } else if (next_found != found_.end()) {
      one = {*next_found, instances_of_found(*next_found)};
      ++next_found;
    }
  }
  current_ = cluster::registry::make(services, workers_, current_.get());
}

void publication::publish() {
  make_snapshot();
  told_.published(current_);
}

}  // namespace gw::discovery
