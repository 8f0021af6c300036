#include "wire/json_head.hpp"

#include <algorithm>
#include <utility>

namespace gw::wire {
namespace {

constexpr std::string_view unfinished = "the text ends inside the object";

}  // namespace

head_scanner::head_scanner(head_rules rules) : level_{rules.level}, search_{rules.key}, walk_{std::move(rules)} {}

// Up to behind the routing key's value; undecided: the text is used up.
head head_scanner::find(std::string_view text, std::string_view& rest) {
  rest = text;
  walk_.restart();
  if (walk_.jump(rest)) {
    auto const value = walk_.value();
    return {head_verdict::found, value, static_cast<std::size_t>(value.data() - text.data()), {}};
  }
  auto stop = walk_.run(rest);
  auto const at = text.size() - rest.size() + 1;
  if (stop == json_walk::stop::value_begins) stop = walk_.run(rest);
  switch (stop) {
    case json_walk::stop::value_ends:
      return {head_verdict::found, walk_.value(), at, {}};
    case json_walk::stop::fault:
      return refuse(text, rest);
    default:
      return {head_verdict::undecided, {}, text.size(), {}};
  }
}

head head_scanner::refuse(std::string_view text, std::string_view rest) const {
  return {walk_.fault(), {}, text.size() - rest.size(), walk_.why()};
}

head head_scanner::scan_prefix(std::string_view first) {
  std::string_view rest;
  return find(first.substr(0, max_prefix), rest);
}

head head_scanner::scan(std::string_view text) {
  std::string_view rest;
  auto const found = find(text, rest);
  if (found.verdict == head_verdict::undecided) {
    if (walk_.closed()) return {head_verdict::no_key, {}, text.size(), "the routing key is missing"};
    return {head_verdict::not_json, {}, text.size(), unfinished};
  }
  if (found.verdict != head_verdict::found) return found;
  bool const routing = level_ == validation::routing;
  if (routing && !walk_.lenient() && !search_.suspicious(rest)) return found;
  if (walk_.run(rest) == json_walk::stop::fault) return refuse(text, rest);
  if (!routing && !walk_.closed()) return {head_verdict::not_json, {}, text.size(), unfinished};
  return found;
}

tail_walk::tail_walk(head_rules const& rules) : level_{rules.level}, search_{rules.key}, walk_{rules} {}

bool tail_walk::refuse(head_verdict verdict, std::string_view why) noexcept {
  fault_ = verdict;
  why_ = why;
  return false;
}

bool tail_walk::read_key(std::string_view& rest) {
  auto stop = walk_.run(rest);
  if (stop == json_walk::stop::value_begins) stop = walk_.run(rest);
  if (stop == json_walk::stop::fault) return refuse(walk_.fault(), walk_.why());
  found_ = stop == json_walk::stop::value_ends;
  suspected_ = level_ != validation::routing || walk_.lenient();
  return true;
}

// `plain` bytes in front cannot begin a spelling of the key.
void tail_walk::look_for_second_key(std::string_view rest, std::size_t plain) {
  auto const overlap = search_.overlap();
  carry_ += rest.substr(0, overlap);
  suspected_ = search_.suspicious(carry_) || search_.suspicious(rest.substr(plain));
  if (rest.size() > overlap) carry_ = rest.substr(rest.size() - overlap);
  carry_.erase(0, carry_.size() - std::min(carry_.size(), overlap));
}

bool tail_walk::feed(std::string_view piece) {
  if (fault_ != head_verdict::found) return false;
  if (!found_ && !read_key(piece)) return false;
  if (!found_) return true;
  // The middle of a long string is looked at once, not once for the search and once for the walk.
  auto const plain = walk_.plain_front(piece);
  if (!suspected_) look_for_second_key(piece, plain);
  piece.remove_prefix(plain);
  broken_ = broken_ || walk_.run(piece) == json_walk::stop::fault;
  // Without a suspicion scan() would not have read on and met the fault.
  return !broken_ || !suspected_ || refuse(walk_.fault(), walk_.why());
}

bool tail_walk::finish() {
  if (fault_ != head_verdict::found) return false;
  if (!found_) {
    return walk_.closed() ? refuse(head_verdict::no_key, "the routing key is missing")
                          : refuse(head_verdict::not_json, unfinished);
  }
  if (level_ == validation::routing || walk_.closed()) return true;
  return refuse(head_verdict::not_json, unfinished);
}

}  // namespace gw::wire
