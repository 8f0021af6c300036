#include "discovery/dns_source.hpp"

#include "net/dns_client.hpp"
#include "net/event.hpp"
#include "net/timer_wheel.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace gw::discovery {
namespace {

constexpr duration shortest_life = std::chrono::seconds(1);
constexpr duration longest_life = std::chrono::seconds(60);
constexpr std::size_t most_targets = 64;                     // of a service: each is a question or two
constexpr duration while_missing = std::chrono::seconds(2);  // until a name that is not there is asked for again

std::string name_for(std::string pattern, std::string_view service) {
  constexpr std::string_view hole = "{service}";
  for (auto at = pattern.find(hole); at != pattern.npos; at = pattern.find(hole, at + service.size())) {
    pattern.replace(at, hole.size(), service);
  }
  return pattern;
}

/// Those of the best priority; of too many the same ones each time, in whatever order they come.
std::vector<net::dns_record> best_of(std::vector<net::dns_record> records) {
  std::sort(records.begin(), records.end(), [](net::dns_record const& a, net::dns_record const& b) {
    return std::tie(a.priority, a.target, a.port) < std::tie(b.priority, b.target, b.port);
  });
  auto const best = records.front().priority;
  std::erase_if(records, [best](net::dns_record const& r) { return r.priority != best; });
  if (records.size() > most_targets) records.resize(most_targets);
  return records;
}

class dns_source final : public source {
 public:
  dns_source(assignment const& told, std::unique_ptr<net::dns_client> client)
      : loop_(told.loop),
        settings_(told.settings),
        services_(told.services),
        client_(std::move(client)),
        due_(told.loop.where()) {}

  net::awaitable<result<catalogue>> discover(ask what) override {
    if (what == ask::news) co_await outlive_answers();
    good_for_ = longest_life;
    bool answered = false;
    std::optional<error> fault;
    for (std::size_t asked = 0; asked < services_.size(); ++asked) {
      auto const& service = services_[next_];
      next_ = (next_ + 1) % services_.size();
      auto found = co_await offers_of(service);
      auto const code = found ? errc{} : found.error().code;
      if (code == errc::closed) co_return found.error();
      answered = answered || found || code == errc::no_instance;
      if (found) {
        known_[service] = std::move(*found);
        continue;
      }
      fault = found.error();
      good_for_ = std::min(good_for_, while_missing);
      // Perhaps nobody is there to be asked about the others; they come first the next time.
      if (code == errc::connect_timeout) break;
    }
    if (fault && (known_.empty() || !answered)) co_return *fault;
    co_return known_;
  }

  bool waits_for_news() const noexcept override { return true; }

  void stop() noexcept override {
    client_->close();
    due_.set();
  }

 private:
  net::awaitable<void> outlive_answers() {
    net::timer over(loop_.wheel, due_);
    over.start(std::max(good_for_, shortest_life));
    co_await due_.wait();
    due_.clear();
  }

  net::awaitable<result<std::vector<offer>>> offers_of(std::string service) {
    auto const name = name_for(settings_.domain, service);
    if (settings_.record == config::dns_record::a) {
      offer one;
      one.port = static_cast<std::uint16_t>(settings_.port);
      co_return co_await at_addresses_of(name, one);
    }
    auto const listed = co_await client_->ask(name, net::dns_type::srv);
    if (!listed) co_return listed.error();
    note_life(*listed);
    auto const targets = best_of(listed->records);
    std::vector<offer> offers;
    std::optional<error> missing;
    for (auto const& r : targets) {
      offer one;
      one.id = r.target;
      one.port = r.port;
      one.weight = std::max<std::size_t>(1, r.weight);
      auto const found = co_await at_addresses_of(r.target, one);
      if (found) {
        offers.insert(offers.end(), found->begin(), found->end());
        continue;
      }
      missing = found.error();
      bool const nobody_answers = missing->code == errc::closed || missing->code == errc::connect_timeout;
      bool const in_doubt = missing->code != errc::no_instance;
      // What was known of the whole service is better than a part of it, and a part is better than nothing.
      if (nobody_answers || (in_doubt && known_.contains(service))) co_return *missing;
      if (in_doubt) good_for_ = std::min(good_for_, while_missing);
    }
    if (offers.empty()) co_return *missing;
    co_return offers;
  }

  /// `like`, at each of the addresses.
  net::awaitable<result<std::vector<offer>>> at_addresses_of(std::string name, offer like) {
    std::vector<offer> offers;
    std::optional<error> missing;
    for (auto const type : {net::dns_type::a, net::dns_type::aaaa}) {
      auto const found = co_await client_->ask(name, type);
      if (!found && found.error().code != errc::no_instance) co_return found.error();
      if (!found) {
        missing = missing ? missing : found.error();
        continue;
      }
      note_life(*found);
      for (auto const& r : found->records) {
        like.host = r.target;
        offers.push_back(like);
      }
    }
    if (offers.empty()) co_return *missing;
    co_return offers;
  }

  void note_life(net::dns_answer const& of) { good_for_ = std::min(good_for_, of.good_for); }

  net::loop& loop_;
  config::discovery settings_;
  std::vector<std::string> services_;
  std::unique_ptr<net::dns_client> client_;
  net::event due_;
  std::size_t next_ = 0;  // of services_, to be asked about
  catalogue known_;       // the last answer for each service that ever had one
  duration good_for_ = longest_life;
};

}  // namespace

result<std::unique_ptr<source>> make_dns(assignment told) {
  if (told.settings.any_service) {
    return error{errc::bad_config,
                 side::gateway,
                 "DNS cannot list all services; leave any_service out and name each in [services.NAME]",
                 {}};
  }
  auto client = net::dns_client::make(told.loop, told.settings.servers, told.settings.read_timeout);
  if (!client) return client.error();
  return std::make_unique<dns_source>(told, std::move(*client));
}

}  // namespace gw::discovery
