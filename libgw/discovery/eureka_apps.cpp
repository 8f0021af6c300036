#include "discovery/eureka_apps.hpp"

#include "config/address.hpp"
#include "core/letters.hpp"
#include "core/trimmed.hpp"
#include "discovery/bounded_json.hpp"
#include "discovery/offer_fields.hpp"

#include <algorithm>
#include <utility>

namespace gw::discovery {
namespace {

using nlohmann::json;

/// Names of members and keys pass through an XML writer that doubles their underscores.
std::string undoubled(std::string_view name) {
  std::string plain;
  for (std::size_t i = 0; i < name.size(); ++i) {
    plain += name[i];
    if (name.substr(i, 2) == "__") ++i;
  }
  return plain;
}

/// {"$":9001,"@enabled":"true"}
struct eureka_port {
  std::uint16_t number;
  bool enabled;
};

eureka_port port_in(json const& value, bool enabled_by_default) {
  return {port_of(member(value, "$")), truth_of(member(value, "@enabled"), enabled_by_default)};
}

/// "order" or "order,order-v2"; without one the application's name.
std::vector<std::string> services_of(json const& instance, std::string const& app) {
  std::vector<std::string> names;
  auto const written = text_of(member(instance, "vipAddress"));
  std::string_view rest = written;
  while (!rest.empty()) {
    auto const comma = std::min(rest.find(','), rest.size());
    if (auto const name = trimmed(rest.substr(0, comma)); !name.empty()) names.push_back(lower(name));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  if (names.empty()) names.push_back(lower(app));
  return names;
}

std::string id_of(json const& instance) {
  auto id = text_of(member(instance, "instanceId"));
  return id.empty() ? text_of(member(instance, "hostName")) : id;
}

/// The address, since the names of containers mean nothing outside; the host name where there is none.
std::string host_of(json const& instance) {
  auto ip = text_of(member(instance, "ipAddr"));
  return config::is_ip_literal(ip) ? ip : text_of(member(instance, "hostName"));
}

eureka_instance read_instance(json const& written, std::string const& app) {
  eureka_instance made{services_of(written, app), text_of(member(written, "status")), {}};
  auto const plain = port_in(member(written, "port"), true);
  auto const secure = port_in(member(written, "securePort"), false);
  made.where.id = id_of(written);
  made.where.host = host_of(written);
  made.where.port = plain.enabled || !secure.enabled ? plain.number : secure.number;
  for (auto& [name, value] : metadata_of(member(written, "metadata"))) made.where.metadata[undoubled(name)] = value;
  auto const& cloud = member(member(written, "dataCenterInfo"), "metadata");
  take_conventions(made.where);
  if (made.where.zone.empty()) made.where.zone = text_of(member(cloud, "availability-zone"));
  return made;
}

/// The member "applications", wherever the writer kept its name.
result<json_document> applications_in(std::string_view answer) {
  auto parsed = parse_bounded(answer);
  if (!parsed) return parsed;
  if (parsed->root.is_object() && parsed->root.contains("applications")) {
    json applications = std::move(parsed->root["applications"]);
    if (applications.is_object()) return json_document{std::move(applications)};
  }
  return error{errc::parse_error, side::upstream, "the answer holds no 'applications'", {}};
}

std::string hash_in(json const& applications) {
  auto doubled = text_of(member(applications, "apps__hashcode"));
  return doubled.empty() ? text_of(member(applications, "apps_hashcode")) : doubled;
}

/// Calls `take(app, instance)` for each that has a name; returns how many have none.
template <class Take>
std::size_t for_each_instance(json const& applications, Take&& take) {
  std::size_t nameless = 0;
  for (auto const* const application : elements_of(member(applications, "application"))) {
    auto const name = text_of(member(*application, "name"));
    for (auto const* const instance : elements_of(member(*application, "instance"))) {
      auto const own = text_of(member(*instance, "app"));
      auto const& app = own.empty() ? name : own;
      if (app.empty() || id_of(*instance).empty()) {
        ++nameless;
      } else {
        take(app, *instance);
      }
    }
  }
  return nameless;
}

}  // namespace

result<eureka_apps> eureka_apps::parse(std::string_view full) {
  auto const applications = applications_in(full);
  if (!applications) return applications.error();
  eureka_apps made;
  made.announced_hash_ = hash_in(applications->root);
  made.skipped_ = for_each_instance(applications->root, [&made](std::string const& app, json const& instance) {
    auto read = read_instance(instance, app);
    auto const id = read.where.id;
    made.apps_[app].insert_or_assign(id, std::move(read));
  });
  return made;
}

result<> eureka_apps::apply(std::string_view delta) {
  auto const applications = applications_in(delta);
  if (!applications) return applications.error();
  announced_hash_ = hash_in(applications->root);
  skipped_ += for_each_instance(applications->root, [this](std::string const& app, json const& instance) {
    if (text_of(member(instance, "actionType")) != "DELETED") {
      auto read = read_instance(instance, app);
      auto const id = read.where.id;
      apps_[app].insert_or_assign(id, std::move(read));
      return;
    }
    auto const known = apps_.find(app);
    if (known == apps_.end()) return;
    known->second.erase(id_of(instance));
    if (known->second.empty()) apps_.erase(known);
  });
  return {};
}

std::string eureka_apps::hash() const {
  std::map<std::string, std::size_t> counts;
  for (auto const& [app, all] : apps_) {
    for (auto const& [id, instance] : all) ++counts[instance.status];
  }
  std::string text;
  for (auto const& [status, count] : counts) text += status + '_' + std::to_string(count) + '_';
  return text;
}

catalogue eureka_apps::routable() const {
  catalogue all;
  for (auto const& [app, known] : apps_) {
    for (auto const& [id, instance] : known) {
      for (auto const& service : instance.services) {
        auto& offers = all[service];
        if (instance.status == "UP") offers.push_back(instance.where);
      }
    }
  }
  return all;
}

}  // namespace gw::discovery
