// How a channel begins, moves and ends. What it does with messages stands in channel.cpp, what its client is told of it
// in channel_notices.cpp.
#include "core/log.hpp"
#include "gateway/channel.hpp"
#include "gateway/download.hpp"
#include "gateway/session.hpp"
#include "gateway/worker.hpp"

#include <exception>
#include <utility>

namespace gw::gateway {
namespace {

// After its client is gone nothing of a channel may survive a second.
constexpr duration patience_with_upstreams = std::chrono::milliseconds(500);

// An upstream that has got the Close of a channel that moved, and says nothing more, nor closes; and one that goes on.
constexpr duration patience_with_the_retired = std::chrono::seconds(5);
constexpr duration longest_retirement = std::chrono::seconds(60);

// A channel that breaks within them never worked.
constexpr duration first_moments = std::chrono::seconds(1);

}  // namespace

channel::channel(session& of, std::uint32_t service, std::optional<cluster::instance_id> wanted, chosen_by who,
                 std::uint32_t epoch)
    : session_(of),
      worker_(of.where()),
      settings_(worker_.settings().services[service]),
      service_(service),
      wanted_(wanted),
      chosen_by_(who),
      epoch_(epoch),
      upstream_(worker_.loop(), wire::role::client, settings_.channel.max_message, settings_.channel.queue, *this),
      pause_(worker_.loop().wheel, on_pause_over, this) {
  worker_.stats().of_service[service_].channels.add();
}

channel::channel(session& of, std::uint32_t service, std::optional<cluster::instance_id> wanted, relief of_whom)
    : channel(of, service, wanted, chosen_by::balancer, 0) {
  stands_by_ = of_whom;
  worker_.rehoming_of(service_).move_began();
}

channel::~channel() {
  worker_.rehoming_of(service_).leave(*this);
  if (stands_by_) worker_.rehoming_of(service_).move_ended();
  if (!ending()) session_.forget(*this);  // an exception ended it
  session_.account(*this);
  worker_.stats().of_service[service_].channels.subtract();
}

// --- 1. from dial to Close ---

net::awaitable<void> channel::begin(std::unique_ptr<channel> who) {
  try {
    auto const opened = co_await who->open();
    if (!opened) who->fail(opened.error());
  } catch (std::exception const& fault) {
    who->give_up(fault.what());
  }
  if (!who->open_) co_return;
  if (who->ending()) {
    co_await finish(std::move(who));
  } else {
    who.release()->alone_ = true;  // until its end
  }
}

void channel::fail(error const& why) {
  if (ending()) {
    tell_end();
  } else {
    tell_waiting(why);
  }
  end({channel_end::kind::dial_failed});
}

/// An exception on the way: the client is told.
void channel::give_up(std::string_view why) {
  log::event(log::level::error, "channel_failed", {{"service", service_name()}, {"err", why}});
  if (ending()) return;
  if (open_) return end({channel_end::kind::aborted, wire::close_code::internal_error, "internal fault"});
  tell_waiting({errc::internal, side::gateway, "internal fault", {}});
  end({channel_end::kind::dial_failed});
}

net::awaitable<void> channel::finish(std::unique_ptr<channel> owned) {
  try {
    co_await owned->close();
  } catch (std::exception const& fault) {
    owned->give_up(fault.what());
  }
}

net::awaitable<void> channel::close() {
  judge_instance();
  bool const told_later = upstream_may_still_take();
  if (!told_later) tell_end();
  co_await upstream_.close(end_->code, end_->reason, session_.patience_with(upstream_, patience_with_upstreams));
  if (told_later) tell_end();
}

net::awaitable<result<>> channel::open() {
  if (ending() && !delivers_last_words()) co_return error{errc::closed, side::client, "the client is gone", {}};
  dial_wish wish;
  wish.instance = wanted_;
  wish.for_a_move = stands_by_.has_value();
  wish.still_wanted = [this] { return !ending() || (delivers_last_words() && hurry_ && hurry_->running()); };
  auto dialled = co_await dial(worker_, service_, session_.facts(), dialling_, std::move(wish));
  if (!dialled) co_return dialled.error();
  if (ending() && !delivers_last_words()) co_return error{errc::closed, side::client, "the client is gone", {}};
  hurry_.reset();
  lease_ = std::move(dialled->counted);
  instance_ = dialled->instance;
  opened_at_ = worker_.loop().wheel.now();
  auto attached = upstream_.attach(*dialled->connection, std::move(dialled->rest));
  if (!attached) co_return attached;
  open_ = true;
  upstream_.watch({.ping_interval = settings_.channel.ping_interval, .pong_timeout = settings_.channel.pong_timeout});
  watch_idleness(settings_.channel.idle_timeout);
  quiet_from_ = opened_at_;
  if (session_.channel_opened(*this)) worker_.rehoming_of(service_).enter(*this);
  co_return result<>();
}

void channel::end(channel_end why) noexcept {
  if (ending()) return;
  end_ = std::move(why);
  worker_.rehoming_of(service_).leave(*this);
  session_.forget(*this);
  if (alone_) return session_.spawn(finish(std::unique_ptr<channel>(this)));
  if (!open_ && delivers_last_words()) {
    hurry(patience_with_upstreams);
  } else if (dialling_ != nullptr) {
    dialling_->close();
  }
}

bool channel::delivers_last_words() const noexcept {
  auto const why = end_->why;
  bool const wanted = why == channel_end::kind::session_over || why == channel_end::kind::asked;
  return wanted && !upstream_.output().empty();
}

/// What waits is still sent in front of our Close: only behind that it is known which message was the last.
bool channel::upstream_may_still_take() const noexcept {
  switch (end_->why) {
    case channel_end::kind::refused_message:
    case channel_end::kind::aborted:
    case channel_end::kind::idle:
    case channel_end::kind::asked:
      return true;
    case channel_end::kind::session_over:
    case channel_end::kind::upstream_closed:
    case channel_end::kind::moved:
    case channel_end::kind::silent:
    case channel_end::kind::dial_failed:
      return false;
  }
  return false;
}

void channel::hurry(duration patience) {
  if (!hurry_) hurry_ = std::make_unique<net::timer>(worker_.loop().wheel, on_hurry, this);
  hurry_->start(patience);
}

void channel::on_hurry(void* self) {
  auto& c = *static_cast<channel*>(self);
  if (c.retired_) return c.end_retirement();
  if (c.dialling_ != nullptr) c.dialling_->close();
}

void channel::on_lost(std::error_code cause) {
  end({channel_end::kind::upstream_closed, wire::close_code::abnormal, cause ? cause.message() : "connection closed"});
}

void channel::on_silent() {
  if (retired_) return end_retirement();  // behind our Close it gets no pings
  worker_.stats().of_service[service_].silent_upstreams.add();
  end({channel_end::kind::silent, wire::close_code::abnormal, "no sign of life"});
}

void channel::on_round_trip(duration took) {
  auto const us = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
  worker_.stats().of_service[service_].round_trips_us.record(static_cast<std::uint64_t>(us));
  worker_.pool_of(service_).proved(instance_);
}

std::uint64_t channel::activity(void const* self) {
  auto const& c = *static_cast<channel const*>(self);
  bool const inside_a_message = c.download_ != nullptr || !c.upstream_.output().empty();
  return c.accepted_ + c.received_ + (inside_a_message ? c.upstream_.bytes_in() + c.upstream_.bytes_out() : 0);
}

void channel::watch_idleness(duration limit) {
  idle_.start(worker_.loop().wheel, limit, {.happened = activity, .idle = on_idle, .owner = this});
}

void channel::on_idle(void* self) {
  auto& c = *static_cast<channel*>(self);
  if (c.retired_) return c.end_retirement();
  c.end({channel_end::kind::idle, wire::close_code::normal, "idle"});
}

/// A connection that breaks at once speaks against its instance, a Close after a while for it; else its end says
/// nothing.
void channel::judge_instance() const {
  if (retired_) return;
  if (end_->why == channel_end::kind::silent) {
    return report(worker_, service_, instance_, cluster::trouble::heartbeat_lost);
  }
  if (end_->why != channel_end::kind::upstream_closed) return;
  bool const early = worker_.loop().wheel.now() < opened_at_ + first_moments;
  bool const broke = end_->code == wire::close_code::abnormal;
  if (early && broke) report(worker_, service_, instance_, cluster::trouble::broken_early);
  if (!early && !broke) worker_.pool_of(service_).proved(instance_);
}

// --- 2. moving ---

void channel::serve(std::uint32_t epoch) noexcept {
  stands_by_.reset();
  worker_.rehoming_of(service_).move_ended();
  epoch_ = epoch;
}

void channel::retire() {
  hurry(longest_retirement);  // means nothing to one that is not retired
  tell_retirement();          // without memory for that it stays
  retired_ = true;
  worker_.rehoming_of(service_).leave(*this);
  lease_ = {};
  worker_.stats().of_service[service_].channels_moved.add();
  upstream_.send_close(wire::close_code::normal, "moved");
  watch_idleness(patience_with_the_retired);  // without memory for it the retirement takes its longest
}

/// Not inside a message that has begun to leave, nor while the client does not take what may still come: the stalls of
/// both have their own limits.
void channel::end_retirement() {
  if (session_.output_owned_by(*this) || !may_read()) {
    watch_idleness(patience_with_the_retired);
    hurry(patience_with_the_retired);
    return;
  }
  end({channel_end::kind::moved, wire::close_code::normal, "moved"});
}

bool channel::is_quiet(time_point now) noexcept {
  bool const busy = download_ != nullptr || upstream_.inside_message() || !upstream_.output().empty();
  auto const passed = activity(this);
  if (busy || passed != activity_seen_) quiet_from_ = now;
  activity_seen_ = passed;
  return now >= quiet_from_ + settings_.rehome_quiet;
}

}  // namespace gw::gateway
