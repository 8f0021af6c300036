#include "discovery/name_book.hpp"

#include "core/log.hpp"
#include "net/task_group.hpp"

#include <algorithm>
#include <utility>

namespace gw::discovery {

/// True if the addresses of any are others than before.
net::awaitable<bool> name_book::look_up(std::vector<std::string> hosts) {
  bool changed = false;
  auto const one = [&](std::size_t i) { return look_up_one(hosts[i], changed); };
  co_await net::side_by_side(loop_.where(), hosts.size(), at_once, one);
  co_return changed;
}

/// Tells of a failure once, and when it is over.
net::awaitable<void> name_book::look_up_one(std::string host, bool& changed) {
  auto found = co_await resolver_.resolve(host, longest_look_up);
  auto const at = known_.find(host);
  if (stopped_ || at == known_.end()) co_return;
  auto& known = at->second;
  bool const failed = !found || found->empty();
  if (failed != std::exchange(known.failing, failed)) {
    auto const why = failed ? (found ? std::string("no address") : describe(found.error())) : std::string();
    log::event(failed ? log::level::warning : log::level::info, failed ? "name_not_resolved" : "name_resolved",
               {{"host", host}, {"err", why}});
  }
  if (failed) co_return;
  // Resolvers rotate their answers.
  std::sort(found->begin(), found->end());
  if (std::exchange(known.addresses, *found) != *found) changed = true;
}

net::awaitable<void> name_book::learn(std::vector<std::string> hosts) {
  std::sort(hosts.begin(), hosts.end());
  std::vector<std::string> unknown;
  for (auto const& host : hosts) {
    if (known_.try_emplace(host).second) unknown.push_back(host);
  }
  co_await look_up(std::move(unknown));
  // Only now: meanwhile what is no longer listed is still used.
  std::erase_if(known_, [&](auto const& k) { return !std::binary_search(hosts.begin(), hosts.end(), k.first); });
}

net::awaitable<bool> name_book::refresh() {
  std::vector<std::string> hosts;
  for (auto const& k : known_) hosts.push_back(k.first);
  co_return co_await look_up(std::move(hosts));
}

void name_book::stop() noexcept {
  stopped_ = true;
  resolver_.stop();
}

std::vector<std::string> name_book::addresses_of(std::string_view host) const {
  auto const at = known_.find(host);
  return at == known_.end() ? std::vector<std::string>() : at->second.addresses;
}

}  // namespace gw::discovery
