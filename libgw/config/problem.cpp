#include "config/problem.hpp"

#include <fmt/format.h>

#include <string_view>

namespace gw::config {
namespace {

constexpr std::size_t longest_source_line = 160;

bool continues_code_point(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

/// What came from a file must not steer the terminal.
std::string harmless(std::string_view text) {
  std::string shown(text);
  for (auto& c : shown) {
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f) c = '?';
  }
  return shown;
}

/// As much white space as `column - 1` code points of `line` take; tabs stay tabs, so that the caret lands right.
std::string indent_to(unsigned column, std::string_view line) {
  std::string indent;
  for (std::size_t i = 0; i < line.size() && indent.size() + 1 < column; ++i) {
    if (!continues_code_point(line[i])) indent += line[i] == '\t' ? '\t' : ' ';
  }
  return indent;
}

}  // namespace

std::string format(problem const& p) {
  auto const place = p.line == 0 ? p.file : fmt::format("{}:{}:{}", p.file, p.line, p.column);
  auto const what = p.key.empty() ? p.text : fmt::format("{}: {}", p.key, p.text);
  auto shown = harmless(fmt::format("{}: error: {}", place, what));
  if (p.source_line.empty() || p.source_line.size() > longest_source_line || p.column == 0) return shown;
  auto const gutter = p.line == 0 ? std::string() : std::to_string(p.line);
  return shown + fmt::format("\n{:>5} | {}\n{:>5} | {}^", gutter, harmless(p.source_line), "",
                             indent_to(p.column, p.source_line));
}

}  // namespace gw::config
