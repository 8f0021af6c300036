// Asks name servers, those of the system or others, for records that getaddrinfo() does not bring. c-ares on our loop.
#pragma once

#include "core/clock.hpp"
#include "core/error.hpp"
#include "net/awaitable.hpp"
#include "net/dns_message.hpp"
#include "net/loop.hpp"

#include <memory>
#include <string>
#include <vector>

namespace gw::net {

/// One thread. Questions may be asked side by side.
class dns_client {
 public:
  /// `servers`: "IP:PORT" each, the next is asked when one does not answer; none = those of resolv.conf(5). The first
  /// try with each has `limit`, the second and last one, when all have been tried, twice that. The error is bad_config.
  static result<std::unique_ptr<dns_client>> make(loop& where, std::vector<std::string> const& servers, duration limit);
  ~dns_client();

  /// Errors are of side::upstream and name the question: no_instance if there is no such record or no such name,
  /// connect_timeout, connect_failed, io (a broken answer); closed after close().
  awaitable<result<dns_answer>> ask(std::string name, dns_type what);

  /// Questions under way end soon with errc::closed, and later ones at once.
  void close() noexcept;

 private:
  class channel;
  explicit dns_client(std::unique_ptr<channel> made);

  loop& loop_;
  std::unique_ptr<channel> channel_;  // null: closed
};

}  // namespace gw::net
