#include "tools/line_blocks.hpp"

#include "testing/catch.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace {

using gw::tools::block_output;
using gw::tools::line_blocks;

/// A file that nobody else sees, with this content, read from its beginning.
struct scratch_file {
  explicit scratch_file(std::string const& content = {}) : file(std::tmpfile(), std::fclose) {
    REQUIRE(file != nullptr);
    block_output out(fd());
    out.text() = content;
    REQUIRE(out.flush());
    ::lseek(fd(), 0, SEEK_SET);
  }
  int fd() const { return ::fileno(file.get()); }

  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file;
};

std::vector<std::string> lines_of(std::string const& content) {
  scratch_file const file(content);
  line_blocks lines(file.fd());
  std::vector<std::string> all;
  for (auto line = lines.next(); line; line = lines.next()) all.emplace_back(*line);
  CHECK_FALSE(lines.fault());
  return all;
}

TEST_CASE("a file is read line by line, with and without a line feed at its end") {
  using strings = std::vector<std::string>;
  CHECK(lines_of("").empty());
  CHECK(lines_of("a") == strings{"a"});
  CHECK(lines_of("a\n") == strings{"a"});
  CHECK(lines_of("\na\n\nb\r\n") == strings{"", "a", "", "b"});
  CHECK(lines_of("a\rb\n\r\n") == strings{"a\rb", ""});
}

TEST_CASE("lines that lie across blocks come whole, and so does one that is larger than a block") {
  std::string content;
  std::vector<std::string> expected;
  for (std::size_t i = 0; i < 40'000; ++i) expected.push_back(std::to_string(i) + std::string(i % 61, 'x'));
  expected.insert(expected.begin() + 20'000, std::string(1'000'000, 'y'));
  for (auto const& line : expected) content += line + '\n';
  CHECK(lines_of(content) == expected);
}

TEST_CASE("a line that is longer than allowed is an error, and so is a file that cannot be read") {
  scratch_file const file(std::string(600'000, 'x') + "\n");
  line_blocks lines(file.fd(), 500'000);
  CHECK_FALSE(lines.next().has_value());
  CHECK(lines.fault() == std::errc::message_size);
  line_blocks closed(-1);
  CHECK_FALSE(closed.next().has_value());
  CHECK(closed.fault() == std::errc::bad_file_descriptor);
}

TEST_CASE("output leaves in blocks, in order, and tells when nobody takes it") {
  scratch_file const file;
  block_output out(file.fd());
  std::string expected;
  for (int i = 0; i < 50'000; ++i) {
    auto const line = std::to_string(i) + "\n";
    expected += line;
    out.text() += line;
    REQUIRE(out.turn());
  }
  REQUIRE(out.flush());
  ::lseek(file.fd(), 0, SEEK_SET);
  std::string seen(expected.size() + 1, '\0');
  CHECK(::read(file.fd(), seen.data(), seen.size()) == static_cast<ssize_t>(expected.size()));
  seen.pop_back();
  CHECK(seen == expected);

  block_output nowhere(-1);
  nowhere.text() = "x";
  CHECK(nowhere.turn());  // not a block yet
  CHECK_FALSE(nowhere.flush());
  CHECK(nowhere.fault() == std::errc::bad_file_descriptor);
  CHECK_FALSE(nowhere.turn());
}

}  // namespace
