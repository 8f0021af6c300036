// The addresses of the host names among instances. Names are looked up here, some at a time, ahead of any dial; one
// that cannot be resolved keeps the addresses it had.
#pragma once

#include "net/awaitable.hpp"
#include "net/loop.hpp"
#include "net/resolve.hpp"

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gw::discovery {

/// One thread.
class name_book {
 public:
  static constexpr duration longest_look_up = net::resolver::usual_limit;
  static constexpr std::size_t at_once = 16;

  explicit name_book(net::loop& where, net::look_up by = net::system_addresses)
      : loop_(where), resolver_(where, std::move(by)) {}

  /// Knows these names from now on and no others; those that are new are looked up.
  net::awaitable<void> learn(std::vector<std::string> hosts);
  /// Looks all of them up again; true if an address is new or gone.
  net::awaitable<bool> refresh();

  /// What is under way ends soon, and nothing is looked up any more.
  void stop() noexcept;

  bool empty() const noexcept { return known_.empty(); }
  /// IP literals; none if `host` was never resolved.
  std::vector<std::string> addresses_of(std::string_view host) const;

 private:
  struct entry {
    std::vector<std::string> addresses = {};
    bool failing = false;
  };

  net::awaitable<bool> look_up(std::vector<std::string> hosts);
  net::awaitable<void> look_up_one(std::string host, bool& changed);

  net::loop& loop_;
  net::resolver resolver_;
  bool stopped_ = false;
  std::map<std::string, entry, std::less<>> known_;
};

}  // namespace gw::discovery
