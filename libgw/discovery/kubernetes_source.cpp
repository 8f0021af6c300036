#include "discovery/kubernetes_source.hpp"

#include "config/outside.hpp"
#include "discovery/kubernetes_slices.hpp"
#include "discovery/told_source.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

namespace gw::discovery {
namespace {

constexpr std::string_view given_to_pods = "/var/run/secrets/kubernetes.io/serviceaccount/";
constexpr int most_pages = 1000;  // of 500 slices

class kubernetes_source final : public told_source {
 public:
  kubernetes_source(net::loop& where, std::unique_ptr<registry_servers> servers, config::discovery const& settings,
                    std::string target)
      : told_source(where, std::move(servers)),
        token_file_(settings.token_file),
        target_(std::move(target)),
        slices_(settings.port_name) {}

 private:
  result<net::http_question> question(std::string_view more) const {
    net::http_question asked;
    asked.target = target_ + std::string(more);
    asked.fields = {{"Accept", "application/json"}};
    if (token_file_.empty()) return asked;
    auto const token = line_of_file(token_file_);
    if (!token) return token.error();
    asked.fields.emplace_back("Authorization", "Bearer " + *token);
    return asked;
  }

  net::awaitable<result<>> list() override {
    kubernetes_slices fresh = slices_;
    std::string mark;
    for (int page = 0; page < most_pages; ++page) {
      auto const more = mark.empty() ? std::string("&limit=500") : "&limit=500&continue=" + percent_encoded(mark);
      auto const asked = question(more);
      if (!asked) co_return asked.error();
      auto const answer = co_await servers().call(*asked);
      if (!answer) co_return answer.error();
      if (answer->status != 200) co_return unexpected(servers().current(), *answer);
      auto const next = fresh.take_page(answer->body, page == 0);
      if (!next) co_return unusable(servers().current(), next.error());
      mark = *next;
      if (!mark.empty()) continue;
      slices_ = std::move(fresh);
      co_return result<>();
    }
    co_return error{errc::upstream_too_big, side::upstream, "the list of EndpointSlices has no end", {}};
  }

  result<net::http_question> watch_question() const override {
    return question(fmt::format("&watch=1&resourceVersion={}&allowWatchBookmarks=true&timeoutSeconds=300",
                                percent_encoded(slices_.version())));
  }

  result<told> take(std::string_view line) override {
    auto const news = slices_.take_event(line);
    if (!news) return news.error();
    if (*news == kubernetes_slices::news::gone) return told::start_again;
    return *news == kubernetes_slices::news::changed ? told::change : told::nothing;
  }

  catalogue known() const override { return slices_.routable(); }
  std::size_t unreadable() const noexcept override { return slices_.skipped(); }

  std::string const token_file_;
  std::string const target_;
  kubernetes_slices slices_;
};

/// What a pod finds in its file system and its environment, where the configuration says nothing.
void take_from_pod(config::discovery& settings) {
  auto const host = config::environment_variable("KUBERNETES_SERVICE_HOST");
  auto const port = config::environment_variable("KUBERNETES_SERVICE_PORT");
  if (settings.urls.empty() && host && port) {
    bool const v6 = host->find(':') != std::string::npos;
    settings.urls = {v6 ? fmt::format("https://[{}]:{}", *host, *port) : fmt::format("https://{}:{}", *host, *port)};
  }
  auto const file = [](std::string_view name) {
    auto path = std::string(given_to_pods) + std::string(name);
    std::error_code ignored;
    return std::filesystem::exists(path, ignored) ? path : std::string();
  };
  if (settings.token_file.empty()) settings.token_file = file("token");
  if (settings.tls.ca.empty()) settings.tls.ca = file("ca.crt");
  if (!settings.namespace_name.empty()) return;
  if (auto const name = line_of_file(file("namespace"))) settings.namespace_name = *name;
}

/// The list of the slices of all services that are asked for, with the selector that says so.
std::string target_of(assignment const& what) {
  std::string selector = "kubernetes.io/service-name";
  if (!what.settings.any_service) {
    std::string names;
    for (auto const& name : what.services) names += (names.empty() ? "" : ",") + name;
    selector += " in (" + names + ")";
  }
  if (!what.settings.label.empty()) selector += "," + what.settings.label;
  return fmt::format("/apis/discovery.k8s.io/v1/namespaces/{}/endpointslices?labelSelector={}",
                     percent_encoded(what.settings.namespace_name), percent_encoded(selector));
}

}  // namespace

result<std::unique_ptr<source>> make_kubernetes(assignment what) {
  take_from_pod(what.settings);
  if (what.settings.namespace_name.empty()) {
    return error{
        errc::bad_config, side::gateway, "no namespace is known outside of a pod; write namespace = \"...\"", {}};
  }
  auto servers = registry_servers::make(what.loop, what.settings);
  if (!servers) return servers.error();
  auto target = target_of(what);
  return std::unique_ptr<source>(
      std::make_unique<kubernetes_source>(what.loop, std::move(*servers), what.settings, std::move(target)));
}

}  // namespace gw::discovery
