#include "discovery/registrar.hpp"

#include "config/address.hpp"
#include "core/base64.hpp"
#include "core/did_you_mean.hpp"
#include "core/letters.hpp"
#include "discovery/bounded_json.hpp"
#include "discovery/offer_fields.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace gw::discovery {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

error bad(std::string what) {
  return {errc::bad_usage, side::client, std::move(what), {}};
}

std::string written(json const& body) {
  return body.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string upper(std::string_view text) {
  std::string all(text);
  std::transform(all.begin(), all.end(), all.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return all;
}

json metadata_for(entry const& e) {
  json metadata(e.where.metadata);
  if (metadata.is_null()) metadata = json::object();
  if (!e.where.zone.empty()) metadata["zone"] = e.where.zone;
  return metadata;
}

// Bodies are written in functions of their own: coroutines hold no braced temporaries.

std::string eureka_body(entry const& what) {
  auto const& w = what.where;
  json const data_center = {{"@class", "com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo"}, {"name", "MyOwn"}};
  json const instance = {{"instanceId", w.id},
                         {"hostName", w.host},
                         {"app", upper(what.service)},
                         {"ipAddr", w.host},
                         {"status", "UP"},
                         {"vipAddress", lower(what.service)},
                         {"secureVipAddress", lower(what.service)},
                         {"port", {{"$", w.port}, {"@enabled", "true"}}},
                         {"securePort", {{"$", 443}, {"@enabled", "false"}}},
                         {"dataCenterInfo", data_center},
                         {"leaseInfo", {{"renewalIntervalInSecs", 30}, {"durationInSecs", 90}}},
                         {"metadata", metadata_for(what)}};
  return written({{"instance", instance}});
}

std::string consul_body(entry const& what) {
  auto const& w = what.where;
  return written({{"ID", w.id},
                  {"Name", what.service},
                  {"Address", w.host},
                  {"Port", w.port},
                  {"Meta", metadata_for(what)},
                  {"Weights", {{"Passing", w.weight}, {"Warning", 1}}},
                  {"Check", {{"TTL", "30s"}, {"Status", "passing"}, {"DeregisterCriticalServiceAfter", "1m"}}}});
}

std::string etcd_body(entry const& what, std::string const& prefix) {
  auto const& w = what.where;
  json value = {{"addr", config::host_port_text(w.host, w.port)}, {"weight", w.weight}};
  if (!w.zone.empty()) value["zone"] = w.zone;
  if (!w.metadata.empty()) value["metadata"] = w.metadata;
  return written({{"key", base64_encode(fmt::format("{}/{}/{}", prefix, what.service, w.id))},
                  {"value", base64_encode(written(value))},
                  {"lease", what.lease}});
}

std::string lease_body(entry const& what) {
  return written({{"ID", what.lease}});
}

/// A lease that is gone is told without the time that it has left.
bool tells_time_left(std::string_view answer) {
  auto const kept = parse_bounded(answer);
  return kept && number_of(member(member(kept->root, "result"), "TTL")).value_or(0) > 0;
}

result<> outcome(result<net::http_answer> const& answer) {
  if (!answer) return answer.error();
  return {};
}

/// Whether what was to be renewed was there.
result<bool> known(result<net::http_answer> const& answer) {
  if (!answer) return answer.error();
  return answer->status != 404;
}

class eureka_registrar final : public registrar {
 public:
  using registrar::registrar;

  net::awaitable<result<>> enter(entry& what) override {
    auto const answer = co_await ask("POST", "/apps/" + app(what), eureka_body(what), false);
    co_return outcome(answer);
  }
  net::awaitable<result<bool>> renew(entry& what) override {
    auto const answer = co_await ask("PUT", place(what) + "?status=UP", std::string(), true);
    co_return known(answer);
  }
  net::awaitable<result<>> remove(entry& what) override {
    auto const answer = co_await ask("DELETE", place(what), std::string(), true);
    co_return outcome(answer);
  }
  duration period() const noexcept override { return 30s; }

 private:
  static std::string app(entry const& e) { return percent_encoded(upper(e.service)); }
  static std::string place(entry const& e) { return "/apps/" + app(e) + "/" + percent_encoded(e.where.id); }
};

class consul_registrar final : public registrar {
 public:
  using registrar::registrar;

  net::awaitable<result<>> enter(entry& what) override {
    auto const answer = co_await ask("PUT", "/v1/agent/service/register", consul_body(what), false);
    co_return outcome(answer);
  }
  net::awaitable<result<bool>> renew(entry& what) override {
    auto const target = "/v1/agent/check/pass/service:" + percent_encoded(what.where.id);
    auto const answer = co_await ask("PUT", target, std::string(), true);
    co_return known(answer);
  }
  net::awaitable<result<>> remove(entry& what) override {
    auto const target = "/v1/agent/service/deregister/" + percent_encoded(what.where.id);
    auto const answer = co_await ask("PUT", target, std::string(), true);
    co_return outcome(answer);
  }
  duration period() const noexcept override { return 10s; }
};

class etcd_registrar final : public registrar {
 public:
  etcd_registrar(std::unique_ptr<registry_servers> servers, std::string prefix)
      : registrar(std::move(servers)), prefix_(std::move(prefix)) {}

  net::awaitable<result<>> enter(entry& what) override {
    auto const granted = co_await ask("POST", "/v3/lease/grant", std::string(R"({"TTL":"30"})"), false);
    if (!granted) co_return granted.error();
    auto const lease = parse_bounded(granted->body);
    what.lease = lease ? text_of(member(lease->root, "ID")) : std::string();
    auto const put = co_await ask("POST", "/v3/kv/put", etcd_body(what, prefix_), false);
    co_return outcome(put);
  }
  net::awaitable<result<bool>> renew(entry& what) override {
    auto const answer = co_await ask("POST", "/v3/lease/keepalive", lease_body(what), false);
    if (!answer) co_return answer.error();
    co_return tells_time_left(answer->body);
  }
  net::awaitable<result<>> remove(entry& what) override {
    auto const answer = co_await ask("POST", "/v3/lease/revoke", lease_body(what), true);
    co_return outcome(answer);
  }
  duration period() const noexcept override { return 10s; }

 private:
  std::string const prefix_;
};

constexpr auto types = std::to_array<std::string_view>({"eureka", "consul", "etcd"});

}  // namespace

net::awaitable<result<net::http_answer>> registrar::ask(std::string method, std::string target, std::string body,
                                                        bool unknown_is_fine) {
  net::http_question asked;
  asked.method = std::move(method);
  asked.target = std::move(target);
  asked.fields.emplace_back("Accept", "application/json");
  if (!body.empty()) asked.fields.emplace_back("Content-Type", "application/json");
  asked.body = std::move(body);
  auto answer = co_await servers_->call(std::move(asked));
  if (!answer || answer->status / 100 == 2 || (unknown_is_fine && answer->status == 404)) co_return answer;
  co_return unexpected(servers_->current(), *answer);
}

result<std::unique_ptr<registrar>> make_registrar(net::loop& where, std::string_view type,
                                                  config::discovery const& settings) {
  if (std::find(types.begin(), types.end(), type) == types.end()) {
    return bad(fmt::format("nothing can be registered with '{}'{}", type, guess_or_list(type, types, "there are")));
  }
  auto servers = registry_servers::make(where, settings);
  if (!servers) return servers.error();
  if (type == "eureka") return std::unique_ptr<registrar>(std::make_unique<eureka_registrar>(std::move(*servers)));
  if (type == "consul") return std::unique_ptr<registrar>(std::make_unique<consul_registrar>(std::move(*servers)));
  return std::unique_ptr<registrar>(std::make_unique<etcd_registrar>(std::move(*servers), settings.prefix));
}

result<std::unique_ptr<registrar>> make_registrar(net::loop& where, std::string_view url) {
  auto const plus = url.find('+');
  auto const type = url.substr(0, plus);
  if (plus == std::string_view::npos) {
    return bad(
        fmt::format("'{}' names no kind of registry; write eureka+http://host:8761/eureka, "
                    "consul+http://host:8500 or etcd+http://host:2379/prefix",
                    url));
  }
  auto server = net::parse_http_url(url.substr(plus + 1));
  if (!server) return bad(server.error().context);
  config::discovery settings;
  settings.urls = {std::string(url.substr(plus + 1))};
  if (type == "etcd") {
    // The path is where the keys are, not where etcd is.
    settings.prefix = server->path.empty() ? "/services" : server->path;
    auto const& text = settings.urls.front();
    settings.urls = {text.substr(0, text.find('/', text.find("://") + 3))};
  }
  return make_registrar(where, type, settings);
}

}  // namespace gw::discovery
