// What a client is told of a channel: an error frame for each message that waited in vain, and the one notice of its
// end.
#include "gateway/channel.hpp"
#include "gateway/session.hpp"
#include "gateway/worker.hpp"
#include "wire/mask.hpp"

#include <algorithm>

namespace gw::gateway {

void channel::tell_waiting(error const& why) {
  constexpr std::size_t enough = 16 * 1024 + wire::max_header_size;
  upstream_.output().for_each_unsent(enough, [&](std::uint64_t seq, std::string frame) {
    wire::frame_header header;
    wire::parse_header(frame, header);
    auto const payload = std::span(frame).subspan(header.size);
    auto const shown = payload.first(std::min<std::size_t>(payload.size(), header.length));
    wire::apply_mask(shown, header.key);
    std::string_view const text(shown.data(), shown.size());

    route::decision const made{.method = worker_.table().method_of(text), .named_service = service_name()};
    auto facts = route::facts_of(made, route::undeliverable(why), text);
    facts.seq = seq;
    if (why.code == errc::handshake_rejected && is_http_status(why.cause)) facts.upstream_status = why.cause.value();
    session_.notify(facts);
  });
}

void channel::tell_end() {
  bool const owned_output = session_.output_owned_by(*this);
  if (end_->why == channel_end::kind::session_over || session_.ending()) return;
  if (session_.said_goodbye()) {  // nothing can be told behind it, and the client's last words go on
    if (owned_output) session_.release_output(*this);
    return;
  }
  if (owned_output) {
    return session_.end({initiator::upstream, wire::close_code::internal_error, "upstream lost inside a message"});
  }
  if (retired_ || stands_by_) return;  // told, or never heard of
  if (settings_.channel.on_close == config::on_close::silent) return;
  if (settings_.channel.on_close == config::on_close::close_client) {
    return session_.end({initiator::upstream, wire::close_code::internal_error, "upstream closed"});
  }
  auto const code = end_->code;
  bool const too_big = end_->why == channel_end::kind::refused_message && code == wire::close_code::too_big;
  bool const orderly = end_->why == channel_end::kind::idle || end_->why == channel_end::kind::asked ||
                       (end_->why == channel_end::kind::upstream_closed &&
                        (code == wire::close_code::normal || code == wire::close_code::going_away ||
                         code == wire::close_code::no_status));
  wire::error_facts facts;
  facts.code = too_big ? errc::upstream_too_big : errc::channel_closed;
  facts.message = orderly ? "the upstream closed the channel" : "the channel to the upstream ended";
  facts.stage = "relay";
  facts.service = service_name();
  facts.sent = true;
  if (orderly) facts.status = wire::notice_status;
  facts.channel = end_facts(code, end_->reason);
  session_.notify_closed(facts);
}

wire::channel_facts channel::end_facts(wire::close_code code, std::string_view reason) const {
  auto const& output = upstream_.output();
  return {.close_code = static_cast<std::uint16_t>(code),
          .reason = reason,
          .epoch = epoch_,
          .last_seq = std::max(output.last_handed(), session_.last_handed(service_)),
          .forwarded = accepted_ - output.unsent_messages(),
          .received = received_};
}

/// At once, not at its end: whoever subscribed to something does so again on the channel that has its place.
void channel::tell_retirement() {
  if (settings_.channel.on_close == config::on_close::silent || session_.said_goodbye()) return;
  wire::error_facts facts;
  facts.code = errc::channel_closed;
  facts.message = "the channel moved to another instance";
  facts.stage = "relay";
  facts.service = service_name();
  facts.sent = true;
  facts.status = wire::notice_status;
  facts.channel = end_facts(wire::close_code::normal, "moved");
  facts.channel->state = "moved";
  session_.notify_closed(facts);
}

}  // namespace gw::gateway
