#include "discovery/told_source.hpp"

#include <utility>

namespace gw::discovery {
namespace {

// A server that ends each stream at once, without a change, is not one to ask again and again without a pause.
constexpr auto shortest_stream = std::chrono::seconds(1);
// Nor is one to which whatever it lists is too old to go on with.
constexpr auto shortest_age = std::chrono::seconds(10);

}  // namespace

net::awaitable<result<catalogue>> told_source::discover(ask what) {
  if (what == ask::everything || !listed_) {
    auto all = co_await list_anew();
    co_return all;
  }
  auto const news = co_await next();
  if (!news) {
    // The next answer comes at once, so that whoever waits for it sees that the failure is over.
    listed_ = false;
    co_return news.error();
  }
  if (*news != told::start_again) co_return known();
  auto const now = loop_.wheel.now();
  auto const before = std::exchange(too_old_at_, now);
  if (before && now - *before < shortest_age) {
    listed_ = false;
    co_return unusable(servers_->current(),
                       {errc::handshake_rejected, side::upstream, "what was just listed is too old", {}});
  }
  auto all = co_await list_anew();
  co_return all;
}

net::awaitable<result<catalogue>> told_source::list_anew() {
  listed_ = false;
  servers_->current().drop();
  auto const listed = co_await list();
  if (!listed) co_return listed.error();
  listed_ = true;
  co_return known();
}

/// Begins a stream.
net::awaitable<result<told_source::told>> told_source::listen() {
  auto const question = watch_question();
  if (!question) co_return question.error();
  auto const answer = co_await servers_->open(*question);
  if (!answer) co_return answer.error();
  if (answer->status == 410) co_return told::start_again;
  if (answer->status != 200) co_return unexpected(servers_->current(), *answer);
  changed_ = false;
  opened_at_ = loop_.wheel.now();
  co_return told::nothing;
}

/// Until a change, the end of the stream or a long silence; the last two are told as nothing.
net::awaitable<result<told_source::told>> told_source::next() {
  if (!servers_->current().is_streaming()) {
    auto const begun = co_await listen();
    if (!begun || *begun == told::start_again) co_return begun;
  }
  auto& stream = servers_->current();
  auto news = told::nothing;
  auto const until = loop_.wheel.now() + longest_wait;
  do {
    auto const line = co_await stream.next_line(longest_silence);
    if (!line) {
      bool const ended = line.error().code == errc::timeout ||
                         (line.error().code == errc::closed && line.error().at == side::upstream);
      bool const too_soon = !changed_ && loop_.wheel.now() - opened_at_ < shortest_stream;
      if (!ended || too_soon) co_return line.error();
      co_return news;
    }
    auto const taken = take(*line);
    if (!taken) {
      stream.drop();
      co_return unusable(stream, taken.error());
    }
    if (*taken != told::nothing) news = *taken;
    changed_ = changed_ || *taken == told::change;
  } while ((news == told::nothing && loop_.wheel.now() < until) || (news == told::change && stream.has_line()));
  if (news == told::start_again) stream.drop();
  co_return news;
}

}  // namespace gw::discovery
