#include "tools/open_calls.hpp"

#include "tools/json_text.hpp"

#include <algorithm>
#include <optional>

namespace gw::tools {
namespace {

std::optional<std::uint64_t> number_at(nlohmann::json const& whole, std::string_view pointer) {
  auto const* const found = find_at(whole, pointer);
  if (found == nullptr || !found->is_number_unsigned()) return std::nullopt;
  return found->get<std::uint64_t>();
}

}  // namespace

void open_calls::take(std::string_view message) {
  if (ids_.empty()) return;
  auto const whole = parse_shallow(message);
  if (auto const id = number_at(whole, "/id")) close_id(*id);
  if (number_at(whole, "/error/gw") != 1) return;
  if (auto const id = number_at(whole, "/data/id")) close_id(*id);
  if (auto const seq = number_at(whole, "/error/seq")) ids_.erase(*seq);
  auto const from = number_at(whole, "/error/seqFrom");
  auto const to = number_at(whole, "/error/seqTo");
  if (from && to && *from <= *to) ids_.erase(ids_.lower_bound(*from), ids_.upper_bound(*to));
}

void open_calls::close_id(std::uint64_t id) {
  auto const found = std::find_if(ids_.begin(), ids_.end(), [id](auto const& call) { return call.second == id; });
  if (found != ids_.end()) ids_.erase(found);
}

}  // namespace gw::tools
