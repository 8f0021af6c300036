#include "gateway/answers.hpp"

#include "gateway/session.hpp"
#include "wire/control_message.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace gw::gateway {
namespace {

constexpr duration fold_period = std::chrono::seconds(1);
constexpr std::size_t faults_per_second = 20;

bool is_fault_of_the_client(errc code) noexcept {
  auto const http = row_of(code).http;
  return http >= 400 && http < 500;
}

}  // namespace

/// Faults of the last second that got no frame of their own.
struct answers::folding {
  struct fault {
    errc code;
    std::string service;
    wire::repeat_facts seen;
  };
  explicit folding(answers& of) : over(of.loop_.wheel, on_fold_over, &of) { over.start(fold_period); }
  std::vector<fault> faults;
  net::timer over;
};

answers::answers(net::loop& where, net::peer& client, client_facts const& who, worker_stats& stats)
    : loop_(where), client_(client), who_(who), stats_(stats), faults_(faults_per_second, fold_period) {}

answers::~answers() = default;

void answers::refuse(wire::error_facts facts) {
  stats_.rejected[static_cast<std::size_t>(facts.code)].add();
  if (!is_fault_of_the_client(facts.code) || faults_.admit(loop_.wheel.now())) return send(std::move(facts));
  fold(facts);
}

void answers::channel_closed(wire::error_facts facts) {
  stats_.rejected[static_cast<std::size_t>(facts.code)].add();
  if (!who_.control()) return send(std::move(facts));
  say(wire::make_channel_state(facts.service, facts.channel->state, facts.channel->epoch, &*facts.channel));
}

void answers::send(wire::error_facts facts) {
  facts.conn = who_.conn;
  facts.trace = who_.trace();
  say(wire::make_error_frame(facts));
}

void answers::say(std::string_view text) {
  if (!held_) return client_.send_message(wire::opcode::text, text);
  waiting_ += wire::make_frame(wire::opcode::text, text, nullptr);
}

void answers::release() {
  held_ = false;
  client_.queue(waiting_);
  std::string().swap(waiting_);
}

void answers::fold(wire::error_facts const& facts) {
  if (!folding_) folding_ = std::make_unique<folding>(*this);
  auto& all = folding_->faults;
  auto same = std::find_if(all.begin(), all.end(), [&](auto const& f) { return f.code == facts.code; });
  if (same == all.end()) {
    all.push_back({facts.code, std::string(facts.service), {facts.seq, facts.seq, 0}});
    same = all.end() - 1;
  }
  if (same->service != facts.service) same->service.clear();
  same->seen.seq_to = facts.seq;
  ++same->seen.repeated;
}

void answers::on_fold_over(void* self) {
  auto& a = *static_cast<answers*>(self);
  auto const done = std::exchange(a.folding_, nullptr);
  for (auto const& f : done->faults) {
    wire::error_facts facts;
    facts.code = f.code;
    facts.message = "more messages with this fault";
    facts.stage = "route";
    facts.service = f.service;
    facts.repeat = f.seen;
    a.send(facts);
  }
}

}  // namespace gw::gateway
