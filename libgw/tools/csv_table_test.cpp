#include "tools/csv_table.hpp"

#include "testing/catch.hpp"

using namespace gw;
using namespace gw::tools;

namespace {

using cells = std::vector<std::vector<std::string>>;

void check(std::string_view text, std::vector<std::string> const& columns, cells const& rows) {
  CAPTURE(text);
  auto const table = csv_table::parse(text);
  REQUIRE(table.has_value());
  CHECK(table->columns() == columns);
  REQUIRE(table->rows() == rows.size());
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (std::size_t column = 0; column < columns.size(); ++column)
      CHECK(table->cell(row, column) == rows[row][column]);
  }
}

void check_fault(std::string_view text, std::string_view expected) {
  CAPTURE(text);
  auto const table = csv_table::parse(text);
  REQUIRE_FALSE(table.has_value());
  CHECK(table.error().code == errc::bad_usage);
  CHECK(table.error().context == expected);
}

}  // namespace

TEST_CASE("a CSV file is rows below the names of their columns") {
  check("user,token\nann,t1\nbob,t2\n", {"user", "token"}, {{"ann", "t1"}, {"bob", "t2"}});
  check("user\r\nann\r\nbob", {"user"}, {{"ann"}, {"bob"}});
  check("\xef\xbb\xbfuser\nann\n", {"user"}, {{"ann"}});
  check("a,b\n,\n", {"a", "b"}, {{"", ""}});
  check("a,b\n1,2\n\n", {"a", "b"}, {{"1", "2"}});
  check("\n\r\nuser\nann\n\n", {"user"}, {{"ann"}});
  check("user\n\"\"\n", {"user"}, {{""}});
}

TEST_CASE("a quoted value may hold commas, quotes and line ends") {
  check("m,n\n\"{\"\"a\"\":1,\"\"b\"\":2}\",x\n\"two\nlines\",y\n", {"m", "n"},
        {{"{\"a\":1,\"b\":2}", "x"}, {"two\nlines", "y"}});
}

TEST_CASE("a column is found by its name") {
  auto const table = csv_table::parse("user,token\nann,t1\n");
  REQUIRE(table.has_value());
  CHECK(table->column("token") == 1);
  CHECK_FALSE(table->column("Token").has_value());
}

TEST_CASE("what is no CSV file is told with its line") {
  check_fault("", "line 1: no row stands below the names of the columns");
  check_fault("a,b\n", "line 1: no row stands below the names of the columns");
  check_fault("a,b\n1,2\n1\n", "line 3: 1 values, but the first line names 2");
  check_fault("a\n\"x\ny\"\n1,2\n", "line 4: 2 values, but the first line names 1");
  check_fault("a\n\"x", "line 2: a quoted value does not end before the comma");
  check_fault("a\n\"x\"y\n", "line 2: a quoted value does not end before the comma");
}
