#include "route/pattern.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace gw::route {
namespace {

bool is_name(std::string_view name) {
  auto const good = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  return !name.empty() && !(name.front() >= '0' && name.front() <= '9') && std::all_of(name.begin(), name.end(), good);
}

// Both loops are for a handful of bytes, where a call of memchr or memcmp costs more than the work.
std::size_t segment_length(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size() && text[length] != '/') ++length;
  return length;
}

bool begins_with(std::string_view text, std::string_view literal) {
  if (text.size() < literal.size()) return false;
  for (std::size_t i = 0; i < literal.size(); ++i) {
    if (text[i] != literal[i]) return false;
  }
  return true;
}

}  // namespace

std::string_view captures::operator[](std::string_view name) const noexcept {
  for (auto const& one : *this) {
    if (one.name == name) return one.text;
  }
  return {};
}

/// Cuts the source into pieces; the first fault ends it.
struct pattern::compiler {
  std::string_view source;
  std::size_t at = 0;
  std::vector<piece> pieces = {};
  std::optional<text_fault> fault = {};

  void run() {
    if (!source.starts_with('/')) return fail(0, "a pattern begins with '/'");
    while (at < source.size() && !fault) {
      if (source[at] == '{') {
        read_capture();
      } else {
        read_literal();
      }
    }
    if (!fault) find_stops();
  }

  void fail(std::size_t where, std::string text) { fault = text_fault{where, std::move(text)}; }

  void read_literal() {
    auto const end = std::min(source.find('{', at), source.size());
    auto const text = source.substr(at, end - at);
    if (auto const odd = text.find_first_of("}*"); odd != text.npos) {
      return fail(at + odd, text[odd] == '}' ? "'}' without '{'" : "'*' stands in a capture only; write {path:**}");
    }
    pieces.push_back({.literal = std::string(text)});
    at = end;
  }

  void read_capture() {
    auto const end = source.find('}', at);
    if (end == source.npos) return fail(at, "'{' without '}'");
    auto const inside = source.substr(at + 1, end - at - 1);
    auto const colon = inside.find(':');
    auto const name = inside.substr(0, colon);
    bool const rest = colon != inside.npos;
    if (!is_name(name)) return fail(at + 1, fmt::format("'{}' is not a name; write [a-z_][a-z0-9_]*", name));
    if (rest && inside.substr(colon) != ":**") return fail(at + 1 + colon, "only ':**' may stand behind the name");
    if (rest && end + 1 != source.size()) return fail(end + 1, "nothing may stand behind a capture with ':**'");
    if (!pieces.empty() && !pieces.back().name.empty()) return fail(at, "two captures need text between them");
    std::size_t const before = static_cast<std::size_t>(
        std::count_if(pieces.begin(), pieces.end(), [](piece const& p) { return !p.name.empty(); }));
    if (before == captures::capacity) return fail(at, fmt::format("more than {} captures", captures::capacity));
    bool const twice = std::any_of(pieces.begin(), pieces.end(), [name](piece const& p) { return p.name == name; });
    if (twice) return fail(at + 1, fmt::format("'{}' is captured twice", name));
    pieces.push_back({.name = std::string(name), .rest = rest});
    at = end + 1;
  }

  void find_stops() {
    for (std::size_t i = 0; i + 1 < pieces.size(); ++i) {
      if (pieces[i].name.empty()) continue;
      auto const& behind = pieces[i + 1].literal;
      auto const slash = behind.find('/');
      pieces[i].stop = behind.substr(0, slash);
      pieces[i].stop_is_last = slash != behind.npos || i + 2 == pieces.size();
    }
  }
};

std::variant<pattern, text_fault> pattern::compile(std::string_view source) {
  compiler c{.source = source};
  c.run();
  if (c.fault) return *std::move(c.fault);
  pattern compiled;
  compiled.source_ = source;
  compiled.pieces_ = std::move(c.pieces);
  return compiled;
}

std::size_t pattern::piece::length_in(std::string_view segment) const noexcept {
  if (stop.empty()) return segment.size();
  if (stop_is_last) return segment.ends_with(stop) ? segment.size() - stop.size() : 0;
  auto const length = segment.find(stop, 1);
  return length == segment.npos ? 0 : length;
}

bool pattern::match(std::string_view text, captures& out) const noexcept {
  out.clear();
  for (auto const& p : pieces_) {
    if (p.name.empty()) {
      if (!begins_with(text, p.literal)) return false;
      text.remove_prefix(p.literal.size());
      continue;
    }
    auto const length = p.rest ? text.size() : p.length_in(text.substr(0, segment_length(text)));
    if (length == 0 && !p.rest) return false;
    out.add(p.name, text.substr(0, length));
    text.remove_prefix(length);
  }
  return text.empty();
}

bool pattern::has_capture(std::string_view name) const noexcept {
  return std::any_of(pieces_.begin(), pieces_.end(), [name](piece const& p) { return p.name == name; });
}

}  // namespace gw::route
