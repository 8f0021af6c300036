#include "discovery/eureka_source.hpp"

#include "discovery/eureka_apps.hpp"
#include "discovery/registry_servers.hpp"

#include <chrono>
#include <optional>
#include <utility>

namespace gw::discovery {
namespace {

// The hash counts instances by status only, so it misses one that took another's place.
constexpr auto full_again_after = std::chrono::minutes(10);

class eureka_source final : public source {
 public:
  eureka_source(net::loop& where, std::unique_ptr<registry_servers> servers)
      : loop_(where), servers_(std::move(servers)) {}

  net::awaitable<result<catalogue>> discover(ask what) override {
    if (what == ask::news && known_ && loop_.wheel.now() - listed_at_ < full_again_after) {
      auto const updated = co_await update();
      if (!updated) co_return updated.error();
      if (*updated) co_return known_->routable();
    }
    auto const listed = co_await list();
    if (!listed) co_return listed.error();
    co_return known_->routable();
  }

  bool waits_for_news() const noexcept override { return false; }
  std::size_t unreadable() const noexcept override { return known_ ? known_->skipped() : 0; }
  void stop() noexcept override { servers_->close(); }

 private:
  static net::http_question question(std::string target) {
    net::http_question asked;
    asked.target = std::move(target);
    asked.fields = {{"Accept", "application/json"}};
    return asked;
  }

  net::awaitable<result<>> list() {
    auto const asked = question("/apps");
    std::vector<int> const still_starting = {403};
    auto const answer = co_await servers_->call(asked, still_starting);
    if (!answer) co_return answer.error();
    if (answer->status != 200) co_return unexpected(servers_->current(), *answer);
    auto parsed = eureka_apps::parse(answer->body);
    if (!parsed) co_return unusable(servers_->current(), parsed.error());
    known_ = std::move(*parsed);
    listed_at_ = loop_.wheel.now();
    co_return result<>();
  }

  /// Whether what is known is now what the server knows. Servers may refuse to tell changes (403), or have forgotten
  /// some of them.
  net::awaitable<result<bool>> update() {
    auto const asked = question("/apps/delta");
    auto const answer = co_await servers_->call(asked);
    if (!answer) co_return answer.error();
    if (answer->status != 200) co_return false;
    auto next = *known_;
    if (!next.apply(answer->body) || !next.fits()) co_return false;
    known_ = std::move(next);
    co_return true;
  }

  net::loop& loop_;
  std::unique_ptr<registry_servers> servers_;
  std::optional<eureka_apps> known_;
  time_point listed_at_;
};

}  // namespace

result<std::unique_ptr<source>> make_eureka(assignment what) {
  auto servers = registry_servers::make(what.loop, what.settings);
  if (!servers) return servers.error();
  return std::unique_ptr<source>(std::make_unique<eureka_source>(what.loop, std::move(*servers)));
}

}  // namespace gw::discovery
