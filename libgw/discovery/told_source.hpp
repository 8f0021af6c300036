// A source that lists once and is then told of changes, one line of an endless HTTP answer at a time: what Kubernetes
// and etcd have in common.
#pragma once

#include "discovery/registry_servers.hpp"
#include "discovery/source.hpp"
#include "net/loop.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace gw::discovery {

class told_source : public source {
 public:
  net::awaitable<result<catalogue>> discover(ask what) final;
  bool waits_for_news() const noexcept final { return true; }
  void stop() noexcept final { servers_->close(); }

 protected:
  /// A stream that says nothing for so long is begun anew: its server may be gone without a word.
  static constexpr auto longest_silence = std::chrono::minutes(1);
  /// For a change, however much is said that is none.
  static constexpr auto longest_wait = std::chrono::minutes(5);

  enum class told : std::uint8_t {
    nothing,      // that the catalogue shows
    change,       // the catalogue may be another one
    start_again,  // what was listed is too old to go on with
  };

  told_source(net::loop& where, std::unique_ptr<registry_servers> servers)
      : loop_(where), servers_(std::move(servers)) {}

  registry_servers& servers() noexcept { return *servers_; }

  /// Replaces all that is known.
  virtual net::awaitable<result<>> list() = 0;
  /// Asks for what happened since.
  virtual result<net::http_question> watch_question() const = 0;
  virtual result<told> take(std::string_view line) = 0;
  virtual catalogue known() const = 0;

 private:
  net::awaitable<result<catalogue>> list_anew();
  net::awaitable<result<told>> listen();
  net::awaitable<result<told>> next();

  net::loop& loop_;
  std::unique_ptr<registry_servers> servers_;
  bool listed_ = false;
  bool changed_ = false;  // something, since the stream began
  time_point opened_at_;
  std::optional<time_point> too_old_at_;  // when the server last said so
};

}  // namespace gw::discovery
