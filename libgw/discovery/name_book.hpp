// The addresses of the host names among instances. Names are looked up here, ahead of any dial; one that cannot be
// resolved keeps the addresses it had.
#pragma once

#include "net/awaitable.hpp"

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gw::discovery {

/// One thread, one look-up at a time.
class name_book {
 public:
  explicit name_book(net::executor where) : where_(where) {}

  /// Knows these names from now on and no others; those that are new are looked up.
  net::awaitable<void> learn(std::vector<std::string> hosts);
  /// Looks all of them up again; true if an address is new or gone.
  net::awaitable<bool> refresh();

  bool empty() const noexcept { return known_.empty(); }
  /// IP literals; none if `host` was never resolved.
  std::vector<std::string> addresses_of(std::string_view host) const;

 private:
  struct entry {
    std::vector<std::string> addresses = {};
    bool failing = false;
  };

  net::awaitable<bool> look_up(std::string host);

  net::executor where_;
  std::map<std::string, entry, std::less<>> known_;
};

}  // namespace gw::discovery
