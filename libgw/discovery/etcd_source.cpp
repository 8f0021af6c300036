#include "discovery/etcd_source.hpp"

#include "discovery/etcd_keys.hpp"
#include "discovery/told_source.hpp"

#include <utility>

namespace gw::discovery {
namespace {

class etcd_source final : public told_source {
 public:
  etcd_source(net::loop& where, std::unique_ptr<registry_servers> servers, std::string const& prefix)
      : told_source(where, std::move(servers)), keys_(prefix) {}

 private:
  static net::http_question question(std::string target, std::string body) {
    net::http_question asked;
    asked.method = "POST";
    asked.target = std::move(target);
    asked.fields = {{"Content-Type", "application/json"}};
    asked.body = std::move(body);
    return asked;
  }

  net::awaitable<result<>> list() override {
    auto const asked = question("/v3/kv/range", keys_.range_request());
    auto const answer = co_await servers().call(asked);
    if (!answer) co_return answer.error();
    if (answer->status != 200) co_return unexpected(servers().current(), *answer);
    auto const taken = keys_.take_range(answer->body);
    if (!taken) co_return unusable(servers().current(), taken.error());
    co_return result<>();
  }

  result<net::http_question> watch_question() const override { return question("/v3/watch", keys_.watch_request()); }

  result<told> take(std::string_view line) override {
    auto const news = keys_.take_line(line);
    if (!news) return news.error();
    if (*news == etcd_keys::news::compacted) return told::start_again;
    return *news == etcd_keys::news::changed ? told::change : told::nothing;
  }

  catalogue known() const override { return keys_.routable(); }
  std::size_t unreadable() const noexcept override { return keys_.skipped(); }

  etcd_keys keys_;
};

}  // namespace

result<std::unique_ptr<source>> make_etcd(assignment what) {
  auto servers = registry_servers::make(what.loop, what.settings);
  if (!servers) return servers.error();
  return std::unique_ptr<source>(std::make_unique<etcd_source>(what.loop, std::move(*servers), what.settings.prefix));
}

}  // namespace gw::discovery
