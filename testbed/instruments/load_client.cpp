#include "instruments/load_client.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <utility>

namespace gw::testbed {
namespace {

constexpr duration handshake_limit = std::chrono::seconds(30);
constexpr std::chrono::milliseconds pause_after_failure(50);

std::string class_of(error const& why) {
  switch (why.code) {
    case errc::connect_timeout:
      return "timeout";
    case errc::handshake_rejected:
      return fmt::format("rejected {}", why.cause.value());
    default:
      return why.cause ? why.cause.message() : "no handshake";
  }
}

/// The range of "WORD;r=MIN-MAX" in milliseconds.
std::optional<std::pair<std::uint64_t, std::uint64_t>> range_in(std::string_view reason) {
  auto const at = reason.find(";r=");
  if (at == std::string_view::npos) return {};
  auto const* const end = reason.data() + reason.size();
  std::uint64_t least = 0;
  std::uint64_t most = 0;
  auto const [dash, bad_least] = std::from_chars(reason.data() + at + 3, end, least);
  if (bad_least != std::errc() || dash == end || *dash != '-') return {};
  auto const [rest, bad_most] = std::from_chars(dash + 1, end, most);
  if (bad_most != std::errc() || most < least) return {};
  return std::pair(least, most);
}

}  // namespace

net::awaitable<void> turnstile::enter() {
  if (free_ > 0) {
    --free_;
    co_return;
  }
  net::event turn(loop_.where());
  line_.push_back(&turn);
  co_await turn.wait();
}

void turnstile::leave() {
  if (line_.empty()) {
    ++free_;
    return;
  }
  line_.front()->set();
  line_.pop_front();
}

load_client::load_client(load_state& all, turnstile& dialling, std::uint64_t number)
    : all_(all),
      dialling_(dialling),
      number_(number),
      n_(all.plan.services.size()),
      woken_(all.loop.where()),
      alarm_(all.loop.wheel, woken_) {}

net::awaitable<void> load_client::run() {
  while (!all_.stopping) {
    co_await dialling_.enter();
    connected_ = false;
    if (!all_.stopping) co_await connect();
    dialling_.leave();
    tried_ = true;
    all_.changed->set();
    if (connected_) {
      if (sessions_ != 0) {
        all_.counts.return_ns.record(static_cast<std::uint64_t>((all_.time.now() - ended_at_).count()));
      }
      session_ = std::make_unique<load_session>(all_, number_, ++sessions_, n_);
      co_await session_->run(std::move(opened_.socket), std::move(opened_.rest));
      last_words_ = session_->close_reason();
      session_.reset();
      ended_at_ = all_.time.now();
    }
    if (!all_.plan.reconnect) break;
    if (!all_.stopping) co_await wait_before_return();
  }
}

void load_client::stop() {
  if (dialled_) dialled_->close();
  if (session_) session_->end();
  woken_.set();
}

net::awaitable<void> load_client::connect() {
  auto const& to = all_.plan.gateways[(number_ + dials_++) % all_.plan.gateways.size()];
  auto fd = begin_connecting(to);
  if (!fd) {
    ++all_.counts.not_connected[std::generic_category().message(errno)];
    co_return;
  }
  tools::websocket_request const ask = {.url = {.host = to.ip(), .port = to.port(), .target = all_.plan.target},
                                        .fields = {},
                                        .origin = {},
                                        .protocols = {}};
  dialled_ = std::make_unique<net::stream>(all_.loop, std::move(fd));
  auto opened = co_await tools::shake_hands(all_.loop, *dialled_, ask, handshake_limit);
  dialled_.reset();
  if (all_.stopping) co_return;  // its socket may be closed
  if (opened) {
    opened_ = std::move(*opened);
    connected_ = true;
  } else {
    ++all_.counts.not_connected[class_of(opened.error())];
  }
}

/// A socket from this client's own source address, on its way. Empty: errno says why.
net::unique_fd load_client::begin_connecting(net::address const& to) const {
  net::unique_fd fd(::socket(to.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return fd;
  int const on = 1;
  ::setsockopt(fd.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  if (int const size = all_.plan.receive_buffer; size != 0) {
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  }
  if (all_.plan.sources > 1 && to.family() == AF_INET) {
    auto const from = net::address::of_ip(fmt::format("127.0.0.{}", 1 + number_ % all_.plan.sources), 0);
    if (!from || ::bind(fd.get(), from->data(), from->size()) != 0) return {};
  }
  if (::connect(fd.get(), to.data(), to.size()) != 0 && errno != EINPROGRESS) return {};
  return fd;
}

net::awaitable<void> load_client::wait_before_return() {
  woken_.clear();
  alarm_.start(time_to_return());
  co_await woken_.wait();
  alarm_.stop();
}

duration load_client::time_to_return() {
  auto least = all_.plan.reconnect->first;
  auto most = all_.plan.reconnect->second;
  if (auto const told = range_in(std::exchange(last_words_, {}))) {
    least = std::chrono::milliseconds(told->first);
    most = std::chrono::milliseconds(told->second);
  }
  if (!connected_) least = std::max(least, pause_after_failure), most = std::max(most, least);
  std::uniform_int_distribution<std::int64_t> within(least.count(), most.count());
  return std::chrono::milliseconds(within(all_.chance));
}

}  // namespace gw::testbed
