// How an instance is entered in a registry, and kept there: the other direction of a source. Used by announcements.
#pragma once

#include "core/clock.hpp"
#include "core/error.hpp"
#include "discovery/registry_servers.hpp"
#include "discovery/source.hpp"
#include "net/awaitable.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace gw::discovery {

/// An instance to be found by others.
struct entry {
  std::string service = {};
  offer where = {};
  std::string lease = {};  // the registrar's own: what keeps it there
};

/// The protocol of one registry. One call at a time.
class registrar {
 public:
  explicit registrar(std::unique_ptr<registry_servers> servers) : servers_(std::move(servers)) {}
  registrar(registrar const&) = delete;
  registrar& operator=(registrar const&) = delete;
  virtual ~registrar() = default;

  virtual net::awaitable<result<>> enter(entry& what) = 0;
  /// False: the registry has forgotten it, enter it again.
  virtual net::awaitable<result<bool>> renew(entry& what) = 0;
  virtual net::awaitable<result<>> remove(entry& what) = 0;
  /// Between two renewals.
  virtual duration period() const noexcept = 0;

  /// For good: a call under way ends soon with errc::closed, and later ones at once.
  virtual void close() noexcept { servers_->close(); }

 protected:
  /// Any 2xx is a success, and 404 if `unknown_is_fine`.
  net::awaitable<result<net::http_answer>> ask(std::string method, std::string target, std::string body,
                                               bool unknown_is_fine);

 private:
  std::unique_ptr<registry_servers> servers_;
};

/// Speaks to "eureka+http://host:8761/eureka", "consul+http://host:8500" or "etcd+http://host:2379/prefix", or the same
/// with https. The error (bad_usage) says how to write it.
result<std::unique_ptr<registrar>> make_registrar(net::loop& where, std::string_view url);

/// Of the type `type` at the servers of `settings`; with the same errors.
result<std::unique_ptr<registrar>> make_registrar(net::loop& where, std::string_view type,
                                                  config::discovery const& settings);

}  // namespace gw::discovery
