#include "net/persist.hpp"

#include "core/log.hpp"

#include <chrono>
#include <exception>

namespace gw::net {
namespace {

constexpr auto pause_after_fault = std::chrono::seconds(1);

}  // namespace

awaitable<void> persist(loop& where, std::function<awaitable<void>()> job, std::string name) {
  for (;;) {
    try {
      co_await job();
      co_return;
    } catch (std::exception const& fault) {
      log::event(log::level::error, "job_failed", {{"job", name}, {"err", std::string_view(fault.what())}});
    }
    co_await where.wheel.sleep(pause_after_fault);
  }
}

}  // namespace gw::net
