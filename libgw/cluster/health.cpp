#include "cluster/health.hpp"

#include <array>

namespace gw::cluster {
namespace {

constexpr auto findings = std::to_array<std::string_view>({
    "check: good",
    "check: cannot be reached",
    "check: not done in time",
    "check: TLS failed",
    "check: unexpected HTTP status",
    "check: no proper answer",
});
static_assert(findings.size() == static_cast<std::size_t>(finding::bad_answer) + 1);

constexpr auto verdicts = std::to_array<std::string_view>({"unknown", "healthy", "unhealthy"});
static_assert(verdicts.size() == static_cast<std::size_t>(verdict::unhealthy) + 1);

}  // namespace

std::string_view text_of(finding what) noexcept {
  return findings[static_cast<std::size_t>(what)];
}

std::string_view text_of(verdict what) noexcept {
  return verdicts[static_cast<std::size_t>(what)];
}

bool health_record::note(finding what, config::health_check const& settings) noexcept {
  bool const good = what == finding::good;
  in_a_row_ = good == last_was_good_ ? in_a_row_ + 1 : 1;
  last_was_good_ = good;
  if (in_a_row_ < (good ? settings.rise : settings.fall)) return false;
  auto const now = good ? verdict::healthy : verdict::unhealthy;
  if (now == verdict_) return false;
  verdict_ = now;
  return true;
}

}  // namespace gw::cluster
