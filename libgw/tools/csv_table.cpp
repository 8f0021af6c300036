#include "tools/csv_table.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace gw::tools {
namespace {

error bad(std::size_t line, std::string_view what) {
  return {errc::bad_usage, side::client, fmt::format("line {}: {}", line, what), {}};
}

/// Reads a text cell by cell.
class csv_reader {
 public:
  explicit csv_reader(std::string_view text) noexcept : rest_(text) {}

  bool at_end() const noexcept { return rest_.empty(); }
  std::size_t line() const noexcept { return line_; }

  bool skip_blank_line() noexcept {
    std::size_t const size = rest_.starts_with("\r\n") ? 2 : rest_.starts_with('\n') ? 1 : 0;
    rest_.remove_prefix(size);
    line_ += size != 0 ? 1 : 0;
    return size != 0;
  }

  /// The next row, which may go over several lines. Nothing: a quote does not end.
  std::optional<std::vector<std::string>> row() {
    std::vector<std::string> cells;
    for (bool more = true; more;) {
      auto cell = rest_.starts_with('"') ? quoted() : plain();
      if (!cell) return std::nullopt;
      cells.push_back(std::move(*cell));
      more = rest_.starts_with(',');
      if (more) rest_.remove_prefix(1);
    }
    if (rest_.starts_with('\r')) rest_.remove_prefix(1);
    if (rest_.starts_with('\n')) rest_.remove_prefix(1);
    ++line_;
    return cells;
  }

 private:
  std::optional<std::string> plain() {
    auto const end = std::min(rest_.find_first_of(",\r\n"), rest_.size());
    std::string cell(rest_.substr(0, end));
    rest_.remove_prefix(end);
    return cell;
  }

  std::optional<std::string> quoted() {
    std::string cell;
    for (rest_.remove_prefix(1);;) {
      auto const quote = rest_.find('"');
      if (quote == rest_.npos) return std::nullopt;
      auto const part = rest_.substr(0, quote);
      line_ += static_cast<std::size_t>(std::count(part.begin(), part.end(), '\n'));
      cell += part;
      rest_.remove_prefix(quote + 1);
      if (!rest_.starts_with('"')) break;
      cell += '"';
      rest_.remove_prefix(1);
    }
    // What stands between the closing quote and the comma is an error of the file.
    if (!rest_.empty() && rest_.find_first_of(",\r\n") != 0) return std::nullopt;
    return cell;
  }

  std::string_view rest_;
  std::size_t line_ = 1;
};

}  // namespace

result<csv_table> csv_table::parse(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  csv_reader in(text);
  csv_table made;
  while (!in.at_end()) {
    if (in.skip_blank_line()) continue;
    auto const line = in.line();
    auto cells = in.row();
    if (!cells) return bad(line, "a quoted value does not end before the comma");
    if (made.columns_.empty()) {
      made.columns_ = std::move(*cells);
    } else if (cells->size() == made.columns_.size()) {
      std::move(cells->begin(), cells->end(), std::back_inserter(made.cells_));
    } else {
      return bad(line, fmt::format("{} values, but the first line names {}", cells->size(), made.columns_.size()));
    }
  }
  if (made.cells_.empty()) return bad(1, "no row stands below the names of the columns");
  return made;
}

std::optional<std::size_t> csv_table::column(std::string_view name) const noexcept {
  auto const found = std::find(columns_.begin(), columns_.end(), name);
  if (found == columns_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - columns_.begin());
}

}  // namespace gw::tools
