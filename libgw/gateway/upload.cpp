#include "gateway/upload.hpp"

#include "core/view.hpp"
#include "gateway/channel.hpp"
#include "gateway/worker.hpp"

#include <algorithm>

namespace gw::gateway {
namespace {

// A message up to the size of the read buffer is judged whole; only beyond that its head must do. Not less, or the
// verdict would hang on how the network cut the message.
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
  auto const so_far = u.bytes.size() + piece.payload.size();
  bool const is_long = so_far + piece.remaining > stream_above && !piece.last && !u.compressed;
  bool const may_stream = is_long && so_far >= head_size && !u.head_tried;
  // What begins with all of its head is judged and sent where it lies.
  if (may_stream && u.bytes.empty() && begin_streaming(piece.payload)) return;
  u.bytes.append(piece.payload, piece.remaining);
  if (piece.last) return finish_collected();
  if (may_stream && !u.head_tried && begin_streaming(u.bytes.payload())) u.bytes.clear();
}

void session::finish_collected() {
  auto& u = *upload_;
  if (u.compressed) return relay_compressed(u.op, u.bytes.payload());
  relay(u.bytes.as_message(u.op));
  send_run();  // the frame lies in the upload, which is about to go
}

// False: the head does not name a service, and the whole message has to be awaited.
bool session::begin_streaming(std::span<char> begin) {
  auto& u = *upload_;
  u.head_tried = true;
  auto const text = view(begin);
  bool undecided = false;
  auto const d = u.op == wire::opcode::text
                     ? worker_.table().decide_prefix(text.substr(0, head_size), *facts_.told, undecided)
                     : worker_.table().decide_binary(*facts_.told);
  bool const ours = d.verdict == route::route_verdict::heartbeat || d.verdict == route::route_verdict::control;
  if (undecided || ours) return false;
  if (!admit_streamed(d, text)) {
    u.skip();
    return true;
  }
  u.now = upload::state::streaming;
  u.service = d.named_service;
  u.method = d.method;
  u.lead = text.substr(0, lead_size);
  send_run();                                                                           // the messages before it
  if (u.now == upload::state::streaming) u.to->stream(begin, u.op, true, false, seq_);  // else the channel has ended
  return true;
}

// Where to is known by the head of a message. False: it has been refused.
bool session::admit_streamed(route::decision const& d, std::string_view text) {
  auto& u = *upload_;
  if (d.verdict == route::route_verdict::failed) {
    answer(d, text);
    return false;
  }
  if (d.watched) u.walk.emplace(worker_.table().rules());
  if (u.walk && !u.walk->feed(text)) {
    refuse(d, {fault_of(*u.walk), u.walk->why()}, text);
    return false;
  }
  u.to = channel_for(d, text);
  return u.to != nullptr;
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
