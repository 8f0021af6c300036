#include "gateway/download.hpp"

#include "core/view.hpp"
#include "gateway/session.hpp"
#include "gateway/worker.hpp"
#include "wire/relay.hpp"

namespace gw::gateway {
namespace {

// A streamed message blocks the client's other services while it lasts; it may not stop (PRODUCT.md section 4).
constexpr duration longest_silence = std::chrono::seconds(15);

}  // namespace

void channel::on_piece(wire::event const& piece) {
  forward_run();  // messages before this one
  if (piece.first) download_ = std::make_unique<download>(*this, worker_.loop().wheel, piece.op);
  auto& d = *download_;
  bool const wanted = !piece.last || count_message();
  if (d.streaming) {
    forward_piece(piece.payload, d.message, false, piece.last);
  } else if (!piece.last && d.held.size() + piece.payload.size() + piece.remaining > settings_.channel.hold) {
    begin_streaming(piece);
  } else {
    d.held.append(piece.payload, piece.remaining);
    if (piece.last && wanted) forward_held();
  }
  if (!piece.last) return;
  bool const owned_output = d.streaming;
  download_.reset();
  if (owned_output) session_.release_output(*this);
}

void channel::begin_streaming(wire::event const& piece) {
  auto& d = *download_;
  d.streaming = true;
  session_.claim_output(*this);
  if (d.held.empty()) return forward_piece(piece.payload, d.message, true, false);
  d.held.append(piece.payload);
  forward_piece(d.held.payload(), d.message, true, false);
  d.held.clear();
}

void channel::forward_held() {
  auto& d = *download_;
  if (forward_compressed(d.message, d.held.payload())) return;
  auto const frame = d.held.as_frame(d.message);
  count_down(frame.size());
  session_.client().send(view(frame));
}

void channel::forward_piece(std::span<char> payload, wire::opcode op, bool first, bool last) {
  auto const frame = wire::frame_piece(payload, {.op = op, .first = first, .last = last}, nullptr);
  count_down(frame.size());
  session_.client().queue(frame.header());
  session_.client().send(frame.payload());
  download_->stall.start(longest_silence);
}

void channel::on_stall(void* self) {
  auto& c = *static_cast<channel*>(self);
  // While we do not read because the client is slow, the upstream is not to blame.
  if (!c.may_read()) return c.download_->stall.start(longest_silence);
  c.end({channel_end::kind::upstream_closed, wire::close_code::abnormal, "no byte for 15 s inside a message"});
}

}  // namespace gw::gateway
