#include "discovery/name_book.hpp"

#include "core/log.hpp"
#include "net/resolve.hpp"

#include <algorithm>
#include <utility>

namespace gw::discovery {

/// Tells of a failure once, and when it is over. True if the addresses are others than before.
net::awaitable<bool> name_book::look_up(std::string host) {
  auto found = co_await net::resolve(where_, host);
  auto const at = known_.find(host);
  if (at == known_.end()) co_return false;
  auto& known = at->second;
  bool const failed = !found || found->empty();
  if (failed != std::exchange(known.failing, failed)) {
    auto const why = failed ? (found ? std::string("no address") : describe(found.error())) : std::string();
    log::event(failed ? log::level::warning : log::level::info, failed ? "name_not_resolved" : "name_resolved",
               {{"host", host}, {"err", why}});
  }
  if (failed) co_return false;
  // Resolvers rotate their answers.
  std::sort(found->begin(), found->end());
  co_return std::exchange(known.addresses, *found) != *found;
}

net::awaitable<void> name_book::learn(std::vector<std::string> hosts) {
  std::sort(hosts.begin(), hosts.end());
  std::erase_if(known_, [&](auto const& k) { return !std::binary_search(hosts.begin(), hosts.end(), k.first); });
  for (auto const& host : hosts) {
    if (known_.try_emplace(host).second) co_await look_up(host);
  }
}

net::awaitable<bool> name_book::refresh() {
  std::vector<std::string> hosts;
  for (auto const& k : known_) hosts.push_back(k.first);
  bool changed = false;
  for (auto const& host : hosts) {
    bool const other = co_await look_up(host);
    changed = changed || other;
  }
  co_return changed;
}

std::vector<std::string> name_book::addresses_of(std::string_view host) const {
  auto const at = known_.find(host);
  return at == known_.end() ? std::vector<std::string>() : at->second.addresses;
}

}  // namespace gw::discovery
