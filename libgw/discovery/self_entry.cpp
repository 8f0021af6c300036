#include "discovery/self_entry.hpp"

#include "config/address.hpp"
#include "core/log.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>

namespace gw::discovery {
namespace {

void log_entry(std::string const& source, entry const& what, result<> const& how) {
  if (how) {
    log::event(log::level::info, "registered", {{"discovery", source}, {"id", what.where.id}});
  } else {
    log::event(log::level::warning, "not_registered",
               {{"discovery", source}, {"id", what.where.id}, {"err", describe(how.error())}});
  }
}

}  // namespace

result<std::unique_ptr<announcements>> make_self_entry(net::loop& where, config::discovery const& settings) {
  if (!settings.registers) return std::unique_ptr<announcements>();
  auto const at = config::parse_host_port(settings.advertise);
  if (!at) return at.error();
  auto with = make_registrar(where, settings.type, settings);
  if (!with) return error{errc::bad_config, side::gateway, with.error().context, {}};
  auto const told = [source = settings.name](entry const& what, result<> const& how) { log_entry(source, what, how); };
  auto made = std::make_unique<announcements>(where, std::move(*with), told);
  entry self;
  self.service = settings.service_name;
  self.where.host = at->host;
  self.where.port = at->port;
  self.where.zone = settings.zone;
  self.where.id = fmt::format("{}:{}:{}", at->host, settings.service_name, at->port);
  made->add(std::move(self));
  return made;
}

}  // namespace gw::discovery
