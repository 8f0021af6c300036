// What the checks of an instance say about it. Kept by whoever checks; told to the pools. Pure.
#pragma once

#include "cluster/instance.hpp"
#include "config/config.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gw::cluster {

/// What came of one check.
enum class finding : std::uint8_t {
  good,
  unreachable,
  too_late,    // not done within the time for a check
  tls_failed,  // no TLS handshake, or the wrong certificate
  bad_status,  // not the HTTP status that is expected
  bad_answer,  // no answer, or one that is no HTTP or no WebSocket
};

/// "check: cannot be reached"
std::string_view text_of(finding what) noexcept;

enum class verdict : std::uint8_t { unknown, healthy, unhealthy };

/// "healthy"
std::string_view text_of(verdict what) noexcept;

/// A verdict on its way to the pools.
struct opinion {
  std::size_t service = 0;  // index
  instance_id instance{};
  verdict is = verdict::unknown;
  finding why = finding::good;  // the last check
};

/// The verdict on an instance: it takes some checks in a row to change it.
class health_record {
 public:
  verdict is() const noexcept { return verdict_; }
  /// One more check; true if that changes the verdict.
  bool note(finding what, config::health_check const& settings) noexcept;

 private:
  verdict verdict_ = verdict::unknown;
  bool last_was_good_ = false;
  std::size_t in_a_row_ = 0;  // like the last one
};

}  // namespace gw::cluster
