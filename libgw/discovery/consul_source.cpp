#include "discovery/consul_source.hpp"

#include "discovery/consul_list.hpp"
#include "discovery/registry_servers.hpp"
#include "net/task_group.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <exception>
#include <map>
#include <new>
#include <utility>
#include <vector>

namespace gw::discovery {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_waiting = 64;
constexpr std::size_t most_services = 1000;
constexpr auto longest_wait = 5min;
// Consul adds up to a sixteenth of the wait, so that its clients do not come back all at once.
constexpr auto patience = longest_wait + longest_wait / 16;
// Between two answers that came at once and brought nothing.
constexpr auto breather = 250ms;

class consul_source final : public source {
 public:
  explicit consul_source(assignment what) : what_(std::move(what)) {}

  /// Makes the first servers, which judge the settings.
  result<> prepare() {
    auto made = servers({});
    if (!made) return made.error();
    listing_ = std::move(*made);
    return {};
  }

  net::awaitable<result<catalogue>> discover(ask what) override {
    bool const wait = what == ask::news && waits_for_news() && !failed_ && known_.size() == what_.services.size();
    result<> done;
    if (wait) {
      done = co_await wait_for_news();
    } else {
      done = co_await list();
    }
    // Behind a failure comes a list: it answers at once, so that whoever waits for it sees that the failure is over.
    failed_ = done.has_error();
    if (failed_) co_return done.error();
    catalogue all;
    for (auto const& [name, service] : known_) all[name] = service.offers;
    co_return all;
  }

  bool waits_for_news() const noexcept override {
    return !what_.settings.any_service && what_.services.size() <= most_waiting;
  }

  std::size_t unreadable() const noexcept override {
    std::size_t sum = 0;
    for (auto const& [name, known] : known_) sum += known.unreadable;
    return sum;
  }

  void stop() noexcept override {
    stopped_ = true;
    listing_->close();
    for (auto const& p : polls_) p.servers->close();
  }

 private:
  struct known_service {
    std::vector<offer> offers = {};
    std::uint64_t index = 0;  // of the last answer; 0: the next query does not wait
    std::size_t unreadable = 0;
  };

  /// One service being waited for.
  struct poll {
    std::string name;
    std::unique_ptr<registry_servers> servers;
    result<> failure = {};
  };

  result<std::unique_ptr<registry_servers>> servers(duration wait) const {
    return registry_servers::make(what_.loop, what_.settings, wait);
  }

  result<net::http_question> question(std::string target) const {
    auto const& settings = what_.settings;
    net::http_question asked;
    asked.target = std::move(target);
    if (!settings.datacenter.empty()) {
      asked.target += (asked.target.find('?') == std::string::npos ? "?dc=" : "&dc=");
      asked.target += percent_encoded(settings.datacenter);
    }
    if (settings.token_file.empty()) return asked;
    auto const token = line_of_file(settings.token_file);
    if (!token) return token.error();
    asked.fields = {{"X-Consul-Token", *token}};
    return asked;
  }

  result<net::http_question> health_question(std::string const& service, std::uint64_t index) const {
    auto target = fmt::format("/v1/health/service/{}?passing=true", percent_encoded(service));
    if (!what_.settings.tag.empty()) target += "&tag=" + percent_encoded(what_.settings.tag);
    if (index > 0) target += fmt::format("&index={}&wait={}s", index, std::chrono::seconds(longest_wait).count());
    return question(std::move(target));
  }

  static std::uint64_t index_in(net::http_answer const& answer) {
    auto const text = answer.field("X-Consul-Index");
    std::uint64_t index = 0;
    std::from_chars(text.data(), text.data() + text.size(), index);
    return index;
  }

  /// Asks for one service and keeps the answer; whether it is another one than before.
  net::awaitable<result<bool>> ask_health(registry_servers& of, std::string name, std::uint64_t index) {
    auto const asked = health_question(name, index);
    if (!asked) co_return asked.error();
    auto const answer = co_await of.call(*asked);
    if (!answer) co_return answer.error();
    if (answer->status != 200) co_return unexpected(of.current(), *answer);
    auto read = parse_consul_health(answer->body);
    if (!read) co_return unusable(of.current(), read.error());
    auto& known = known_[name];
    auto const now = index_in(*answer);
    // An index that goes backwards is that of a server that was set up anew.
    known.index = now < index ? 0 : now;
    bool const changed = known.offers != read->offers;
    known.offers = std::move(read->offers);
    known.unreadable = read->skipped;
    co_return changed;
  }

  net::awaitable<result<std::vector<std::string>>> names() {
    if (!what_.settings.any_service) co_return what_.services;
    auto const asked = question("/v1/catalog/services");
    if (!asked) co_return asked.error();
    auto const answer = co_await listing_->call(*asked);
    if (!answer) co_return answer.error();
    if (answer->status != 200) co_return unexpected(listing_->current(), *answer);
    auto all = parse_consul_services(answer->body);
    if (!all) co_return unusable(listing_->current(), all.error());
    if (all->size() > most_services) {
      co_return error{errc::upstream_too_big,
                      side::upstream,
                      fmt::format("Consul lists more than {} services; name those to use", most_services),
                      {}};
    }
    co_return all;
  }

  net::awaitable<result<>> list() {
    auto const wanted = co_await names();
    if (!wanted) co_return wanted.error();
    auto const before = std::exchange(known_, {});
    for (auto const& name : *wanted) {
      auto const asked = co_await ask_health(*listing_, name, 0);
      if (asked) continue;
      known_ = before;
      co_return asked.error();
    }
    co_return result<>();
  }

  /// Waits for all services at the same time; the first news ends it for all.
  net::awaitable<result<>> wait_for_news() {
    polls_.clear();
    for (auto const& name : what_.services) {
      auto made = servers(patience);
      if (!made) co_return made.error();
      polls_.push_back({name, std::move(*made)});
    }
    over_ = stopped_;
    net::task_group polling(what_.loop.where());
    std::exception_ptr no_memory;
    try {
      for (auto& p : polls_) polling.spawn(wait_for(p));
    } catch (std::bad_alloc const&) {
      no_memory = std::current_exception();
      end_all_but(nullptr);
    }
    co_await polling.join();
    if (no_memory) std::rethrow_exception(no_memory);
    if (stopped_) co_return error{errc::closed, side::gateway, "called off", {}};
    for (auto const& p : polls_) {
      if (!p.failure) co_return p.failure;
    }
    co_return result<>();
  }

  net::awaitable<void> wait_for(poll& p) {
    auto const until = what_.loop.wheel.now() + longest_wait;
    while (!over_ && what_.loop.wheel.now() < until) {
      auto const asked_at = what_.loop.wheel.now();
      auto const changed = co_await ask_health(*p.servers, p.name, known_[p.name].index);
      if (!changed && over_) co_return;  // this is how the others are ended
      if (!changed) p.failure = changed.error();
      if (!changed || *changed) break;
      // That an answer comes is no proof of a change, and one without an index never waits.
      if (!over_ && what_.loop.wheel.now() - asked_at < breather) co_await what_.loop.wheel.sleep(breather);
    }
    end_all_but(&p);
  }

  void end_all_but(poll const* one) noexcept {
    over_ = true;
    for (auto const& other : polls_) {
      if (&other != one) other.servers->close();
    }
  }

  assignment what_;
  std::unique_ptr<registry_servers> listing_;
  std::map<std::string, known_service> known_;
  std::vector<poll> polls_;  // of the last wait for news
  bool failed_ = false;
  bool over_ = false;
  bool stopped_ = false;
};

}  // namespace

result<std::unique_ptr<source>> make_consul(assignment what) {
  std::sort(what.services.begin(), what.services.end());
  what.services.erase(std::unique(what.services.begin(), what.services.end()), what.services.end());
  auto made = std::make_unique<consul_source>(std::move(what));
  if (auto const prepared = made->prepare(); !prepared) return prepared.error();
  return std::unique_ptr<source>(std::move(made));
}

}  // namespace gw::discovery
