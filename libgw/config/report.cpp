#include "config/report.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace gw::config {

report::report(std::string_view text, std::string file) : file_(std::move(file)) {
  while (!text.empty()) {
    auto const end = std::min(text.find('\n'), text.size());
    auto line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines_.push_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

void report::add(position at, std::string key, std::string what) {
  auto const line = at.line >= 1 && at.line <= lines_.size() ? lines_[at.line - 1] : std::string_view();
  problems_.push_back({file_, at.line, at.column, std::move(key), std::move(what), std::string(line)});
}

bool report::has(std::string_view key) const {
  return std::any_of(problems_.begin(), problems_.end(), [key](problem const& p) { return p.key == key; });
}

std::vector<problem> report::take() {
  std::stable_sort(problems_.begin(), problems_.end(), [](problem const& a, problem const& b) {
    return std::tie(a.line, a.column) < std::tie(b.line, b.column);
  });
  return std::exchange(problems_, {});
}

node const* locate(node const& table, std::string_view key) {
  auto const dot = key.find('.');
  auto const* const found = table.find(key.substr(0, dot));
  if (found == nullptr) return nullptr;
  return dot == key.npos ? &found->value : locate(found->value, key.substr(dot + 1));
}

}  // namespace gw::config
