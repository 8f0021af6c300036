#include "config/report.hpp"

#include <algorithm>
#include <utility>

namespace gw::config {
namespace {

bool begins_code_point(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    auto const end = std::min(text.find('\n'), text.size());
    auto line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace

unsigned report::add_source(std::string name, std::string text, text_source::kind what) {
  auto& added = sources_.emplace_back(origin{std::move(name), std::move(text), what});
  added.lines = lines_of(added.text);
  return static_cast<unsigned>(sources_.size() - 1);
}

std::string report::place_of(position at) const {
  auto const& source = sources_[at.source];
  return place_text({source.what, source.name}, at.line);
}

std::vector<text_source> report::sources() const {
  std::vector<text_source> all;
  for (auto const& s : sources_) all.push_back({s.what, s.name});
  return all;
}

std::string_view report::line_of(position at) const {
  if (at.source >= sources_.size()) return {};
  auto const& lines = sources_[at.source].lines;
  return at.line >= 1 && at.line <= lines.size() ? lines[at.line - 1] : std::string_view();
}

void report::add(position at, std::string key, std::string what) {
  auto const& name = at.source < sources_.size() ? sources_[at.source].name : std::string("configuration");
  problems_.push_back({at, {name, at.line, at.column, std::move(key), std::move(what), std::string(line_of(at))}});
}

bool report::has(std::string_view key, std::size_t since) const {
  return std::any_of(problems_.begin() + static_cast<std::ptrdiff_t>(since), problems_.end(),
                     [key](entry const& e) { return e.what.key == key; });
}

position report::find_in(position at, std::string_view word) const {
  auto const line = line_of(at);
  unsigned column = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (begins_code_point(line[i])) ++column;
    if (column >= at.column && line.substr(i).starts_with(word)) return {at.line, column, at.source};
  }
  return at;
}

std::vector<problem> report::take() {
  std::stable_sort(problems_.begin(), problems_.end(), [](entry const& a, entry const& b) {
    return std::tie(a.at.source, a.at.line, a.at.column) < std::tie(b.at.source, b.at.line, b.at.column);
  });
  std::vector<problem> sorted;
  for (auto& e : problems_) sorted.push_back(std::move(e.what));
  problems_.clear();
  return sorted;
}

position inside(position at, std::size_t offset) {
  if (at.line != 0) at.column += 1 + static_cast<unsigned>(offset);  // behind the quote
  return at;
}

}  // namespace gw::config
