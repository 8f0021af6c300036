#include "gateway/upload.hpp"

#include "core/view.hpp"
#include "gateway/channel.hpp"
#include "gateway/worker.hpp"

#include <algorithm>

namespace gw::gateway {
namespace {

// A message up to the size of the read buffer is judged whole; only beyond that its head must do.
constexpr std::size_t stream_above = net::poller::read_buffer_size;
constexpr std::size_t head_size = 16 * 1024;
// The keys that an error frame echoes begin in the head; the last of them may reach beyond it.
constexpr std::size_t lead_size = head_size + 512;

errc fault_of(wire::tail_walk const& walk) noexcept {
  return walk.fault() == wire::head_verdict::bad_key ? errc::bad_method : errc::parse_error;
}

}  // namespace

void session::on_piece(wire::event const& piece) {
  if (piece.first) {
    ++seq_;
    upload_ = std::make_unique<upload>(piece.op, piece.compressed);
  }
  switch (upload_->now) {
    case upload::state::collecting:
      collect(piece);
      break;
    case upload::state::streaming:
      stream_piece(piece.payload, piece.last);
      break;
    case upload::state::skipping:
      break;
  }
  if (piece.last) upload_.reset();
}

void session::collect(wire::event const& piece) {
  auto& u = *upload_;
  u.bytes.append(piece.payload);
  if (piece.last) return finish_collected();
  if (u.compressed) return;
  if (u.bytes.size() + piece.remaining > stream_above && u.bytes.size() >= head_size && !u.head_tried)
    begin_streaming();
}

void session::finish_collected() {
  auto& u = *upload_;
  if (u.compressed) return relay_compressed(u.op, u.bytes.payload());
  relay(u.bytes.as_message(u.op));
  send_run();  // the frame lies in the upload, which is about to go
}

void session::begin_streaming() {
  auto& u = *upload_;
  u.head_tried = true;
  auto const text = view(u.bytes.payload());
  bool undecided = false;
  auto const d = u.op == wire::opcode::text
                     ? worker_.table().decide_prefix(text.substr(0, head_size), *facts_.told, undecided)
                     : worker_.table().decide_binary(*facts_.told);
  bool const ours = d.verdict == route::route_verdict::heartbeat || d.verdict == route::route_verdict::control;
  if (undecided || ours) return;
  if (d.verdict == route::route_verdict::failed) {
    answer(d, text);
    return u.skip();
  }
  if (d.watched) u.walk.emplace(worker_.table().rules());
  if (u.walk && !u.walk->feed(text)) {
    refuse(d, {fault_of(*u.walk), u.walk->why()}, text);
    return u.skip();
  }
  u.to = channel_for(d, text);
  if (u.to == nullptr) return u.skip();
  u.now = upload::state::streaming;
  u.service = d.named_service;
  u.method = d.method;
  u.lead = text.substr(0, lead_size);
  send_run();                                     // what was collected must follow the messages before it
  if (u.now != upload::state::streaming) return;  // that was the channel's end
  u.to->stream(u.bytes.payload(), u.op, true, false, seq_);
  u.bytes.clear();
}

void session::stream_piece(std::span<char> payload, bool last) {
  auto& u = *upload_;
  auto const text = view(payload);
  if (u.walk && (!u.walk->feed(text) || (last && !u.walk->finish()))) {
    return abort_streamed(fault_of(*u.walk), u.walk->why());
  }
  u.to->stream(payload, u.op, false, last, seq_);
}

void session::abort_streamed(errc why, std::string_view text) {
  auto& u = *upload_;
  auto* const to = u.to;
  wire::error_facts facts;
  facts.code = why;
  facts.message = text;
  facts.stage = "relay";
  facts.service = u.service;
  facts.method = u.method;
  facts.data = wire::find_correlation(u.lead);
  facts.sent = true;
  facts.seq = seq_;
  notify(facts);
  u.skip();
  to->end({channel_end::kind::aborted, wire::close_code::going_away, "message aborted"});
}

}  // namespace gw::gateway
