// A CSV file (RFC 4180) whose first row names the columns. Pure; used by the load generator.
#pragma once

#include "core/error.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gw::tools {

class csv_table {
 public:
  /// errc::bad_usage names the line: a quote that does not end, a row of another length than the first. There is at
  /// least one row below the names.
  static result<csv_table> parse(std::string_view text);

  /// Without the row of names.
  std::size_t rows() const noexcept { return columns_.empty() ? 0 : cells_.size() / columns_.size(); }
  std::vector<std::string> const& columns() const noexcept { return columns_; }
  std::optional<std::size_t> column(std::string_view name) const noexcept;
  std::string const& cell(std::size_t row, std::size_t column) const noexcept {
    return cells_[row * columns_.size() + column];
  }

 private:
  std::vector<std::string> columns_;
  std::vector<std::string> cells_;  // row by row
};

}  // namespace gw::tools
