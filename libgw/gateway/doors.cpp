#include "gateway/doors.hpp"

#include "core/log.hpp"

#include <algorithm>
#include <utility>

namespace gw::gateway {
namespace {

constexpr duration after_a_failure = std::chrono::milliseconds(100);  // for lack of memory, which may come back

}  // namespace

result<> doors::open(std::string const& bind, entrance by, std::size_t listener) {
  auto const at = net::address::parse(bind);
  if (!at) return at.error();
  auto opened = net::listener::open(loop_, *at);
  if (!opened) {
    auto why = opened.error();
    why.context += by == entrance::clients ? "; choose another address with --listen or 'bind' of [[listener]]"
                                           : "; choose another address with --admin or 'bind' of [admin] or [health]";
    return why;
  }
  auto& addresses = by == entrance::clients ? client_addresses_ : probe_addresses_;
  addresses.push_back((*opened)->local());
  doors_.push_back({std::move(*opened), by, listener});
  return {};
}

void doors::let_in(std::span<std::unique_ptr<worker> const> workers) {
  workers_ = workers;
  for (auto& d : doors_) {
    if (workers_.size() == 1 && d.by == entrance::clients) {
      auto& only = *workers_.front();
      d.socket = net::listener::moved(only.loop(), std::move(d.socket));
      d.keeper = &only;
      only.loop().post([this, &d] { d.keeper->spawn(accept_at(d)); });
    } else {
      accepting_.spawn(accept_at(d));
    }
  }
}

void doors::close_to_clients() {
  for (auto& d : doors_) {
    if (d.by != entrance::clients) continue;
    if (d.keeper == nullptr) {
      d.socket->close();
    } else {
      d.keeper->loop().post([&d] { d.socket->close(); });
    }
  }
}

void doors::close() noexcept {
  for (auto& d : doors_) d.socket->close();
}

net::awaitable<void> doors::accept_at(door& at) {
  auto& on = at.keeper != nullptr ? at.keeper->loop() : loop_;
  for (bool failed = false;;) {
    try {
      if (std::exchange(failed, false)) co_await on.wheel.sleep(after_a_failure);
      auto accepted = co_await at.socket->accept();
      if (!accepted) co_return;
      least_busy().take({std::move(*accepted), at.by, at.listener});
    } catch (std::exception const& fault) {  // that connection is lost, the next one need not be
      failed = true;
      log::event(log::level::error, "accept_failed", {{"err", std::string_view(fault.what())}});
    }
  }
}

worker& doors::least_busy() const noexcept {
  // While we drain, probes go to a worker that still works.
  auto const fewer = [](auto const& a, auto const& b) {
    return std::pair(a->finished(), a->connections()) < std::pair(b->finished(), b->connections());
  };
  return **std::min_element(workers_.begin(), workers_.end(), fewer);
}

}  // namespace gw::gateway
