// A place that knows where services run: a registry, a name server, a file. Each kind is one source; when to ask again,
// what to believe and whom to tell is the business of the watch, once for all kinds. Nothing a source says is trusted.
#pragma once

#include "core/clock.hpp"
#include "core/error.hpp"
#include "net/awaitable.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace gw::discovery {

/// One place where a service runs, in the words of the source.
struct offer {
  std::string id = {};    // the source's own name for it; empty = host:port is its name
  std::string host = {};  // a name or an IP literal, IPv6 without brackets
  std::uint16_t port = 0;
  std::size_t weight = 1;
  std::string zone = {};
  std::map<std::string, std::string> metadata = {};
  bool draining = false;  // still there, but shall get no new channels

  friend bool operator==(offer const&, offer const&) = default;
};

/// All that a source knows: by the name of the service, in the words of the source.
using catalogue = std::map<std::string, std::vector<offer>, std::less<>>;

/// What is asked of a source.
enum class ask : std::uint8_t {
  everything,  // the whole list as it stands now, not what was held from before
  news,        // the whole list when it may have changed; a source that cannot wait for that answers at once
};

/// Used by one coroutine on one thread, one call at a time.
class source {
 public:
  source() = default;
  source(source const&) = delete;
  source& operator=(source const&) = delete;
  virtual ~source() = default;

  /// Always the whole catalogue. Bounded in time (a wait for news: by the source's own limit) and size. An error is of
  /// side::upstream and says what was asked of whom; nothing is known then, which is not the same as an empty list.
  virtual net::awaitable<result<catalogue>> discover(ask what) = 0;

  /// Whether `news` waits for them. If not, the watch pauses between two questions.
  virtual bool waits_for_news() const noexcept = 0;

  /// Entries that its answers held since the last whole list and that name no instance of any service.
  virtual std::size_t unreadable() const noexcept { return 0; }

  /// How long it may be left alone after failures in a row; less for what costs nobody anything to ask.
  virtual duration longest_pause() const noexcept { return std::chrono::seconds(60); }

  /// A call under way ends soon with errc::closed, and later ones at once.
  virtual void stop() noexcept = 0;
};

}  // namespace gw::discovery
