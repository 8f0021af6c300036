#include "tools/bench_template.hpp"

#include "core/clock.hpp"
#include "core/did_you_mean.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <utility>

namespace gw::tools {
namespace {

constexpr std::size_t number_size = 20;  // digits of the greatest
constexpr std::size_t uuid_size = 36;
constexpr std::size_t stamp_size = 16;

error bad(std::string why) {
  return {errc::bad_usage, side::client, std::move(why), {}};
}

/// Behind a brace: a word that ends with a brace, perhaps after a colon and arguments. Empty: something else.
std::string_view blank_at(std::string_view text) noexcept {
  auto const word = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_");
  if (word == 0 || word == text.npos || (text[word] != '}' && text[word] != ':')) return {};
  auto const end = text.find_first_of("}{\"", word);
  return end == text.npos || text[end] != '}' ? std::string_view() : text.substr(0, end);
}

char* write_number(char* to, std::uint64_t value) noexcept {
  return std::to_chars(to, to + number_size, value).ptr;
}

char* write_hex(char* to, std::uint64_t value, std::size_t digits) noexcept {
  for (auto i = digits; i-- > 0; value >>= 4) to[i] = "0123456789abcdef"[value & 15];
  return to + digits;
}

/// Version 4, variant 1 (RFC 9562).
char* write_uuid(char* to, bench_random& random) noexcept {
  auto const high = (random.next() & ~std::uint64_t{0xf000}) | 0x4000;
  auto const low = (random.next() & ~(std::uint64_t{3} << 62)) | std::uint64_t{1} << 63;
  constexpr char dash = '-';
  to = write_hex(to, high >> 32, 8);
  *to++ = dash;
  to = write_hex(to, high >> 16, 4);
  *to++ = dash;
  to = write_hex(to, high, 4);
  *to++ = dash;
  to = write_hex(to, low >> 48, 4);
  *to++ = dash;
  return write_hex(to, low, 12);
}

char* write_text(char* to, std::string_view text) noexcept {
  std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

}  // namespace

struct bench_template::word {
  std::string_view name;
  std::string_view form;  // as it is written
  kind what;
};

bench_template::word const* bench_template::find(std::string_view name) {
  static constexpr std::array<word, 9> words = {{
      {"service", "{service}", kind::text},
      {"connection", "{connection}", kind::connection},
      {"n", "{n}", kind::n},
      {"random", "{random:1:1000}", kind::random},
      {"uuid", "{uuid}", kind::uuid},
      {"time_us", "{time_us}", kind::time_us},
      {"stamp", "{stamp}", kind::stamp},
      {"csv", "{csv:COLUMN}", kind::csv},
      {"next", "{next:COLUMN}", kind::next},
  }};
  auto const known = std::find_if(words.begin(), words.end(), [&](word const& w) { return w.name == name; });
  return known == words.end() ? nullptr : &*known;
}

result<bench_template> bench_template::parse(std::string_view text, std::string_view service, csv_table const* rows) {
  bench_template made;
  made.rows_ = rows;
  while (!text.empty()) {
    auto const brace = std::min(text.find('{'), text.size());
    made.add_text(text.substr(0, brace));
    text.remove_prefix(brace);
    if (text.empty()) break;
    if (text.starts_with("{{")) {
      made.add_text("{");
      text.remove_prefix(2);
    } else if (auto const blank = blank_at(text.substr(1)); !blank.empty()) {
      if (auto const added = made.add(blank, service); !added) return added.error();
      text.remove_prefix(blank.size() + 2);
    } else {
      made.add_text("{");
      text.remove_prefix(1);
    }
  }
  for (auto const& one : made.parts_) made.most_ += made.most_of(one);
  return made;
}

void bench_template::add_text(std::string_view text) {
  if (text.empty()) return;
  if (parts_.empty() || parts_.back().what != kind::text) parts_.push_back({});
  parts_.back().text += text;
}

result<> bench_template::add(std::string_view blank, std::string_view service) {
  auto const colon = std::min(blank.find(':'), blank.size());
  auto const* const known = find(blank.substr(0, colon));
  if (known == nullptr) {
    constexpr auto names = std::to_array<std::string_view>(
        {"service", "connection", "n", "random", "uuid", "time_us", "stamp", "csv", "next"});
    auto const guess = did_you_mean_text(blank.substr(0, colon), names);
    return bad(fmt::format("nothing is known to fill in for {{{}}}{}; a brace itself is written {{{{", blank, guess));
  }
  bool const has_arguments = colon != blank.size();
  bool const wants_arguments = known->form.find(':') != known->form.npos;
  if (has_arguments != wants_arguments) return bad(fmt::format("{{{}}} is written {}", blank, known->form));
  if (known->name == "service") {
    add_text(service);
    return {};
  }
  part one{.what = known->what};
  auto const arguments = blank.substr(std::min(colon + 1, blank.size()));
  if (one.what == kind::random) {
    if (auto const read = read_random(one, arguments); !read) return read.error();
  }
  if (one.what == kind::csv || one.what == kind::next) {
    if (auto const read = read_column(one, arguments); !read) return read.error();
  }
  parts_.push_back(std::move(one));
  return {};
}

result<> bench_template::read_random(part& to, std::string_view arguments) {
  auto const* const end = arguments.data() + arguments.size();
  auto const first = std::from_chars(arguments.data(), end, to.least);
  bool good = first.ec == std::errc() && first.ptr != end && *first.ptr == ':';
  if (good) {
    auto const second = std::from_chars(first.ptr + 1, end, to.most);
    good = second.ec == std::errc() && second.ptr == end && to.least <= to.most;
  }
  if (good) return {};
  return bad(fmt::format("{{random:{}}} is written {{random:1:1000}}, the least number first", arguments));
}

result<> bench_template::read_column(part& to, std::string_view column) const {
  if (rows_ == nullptr || rows_->rows() == 0) return bad(fmt::format("the column '{}' needs --csv FILE", column));
  auto const found = rows_->column(column);
  if (!found) {
    std::vector<std::string_view> const names(rows_->columns().begin(), rows_->columns().end());
    return bad(fmt::format("the CSV file has no column '{}'{}", column, guess_or_list(column, names, "it has")));
  }
  to.column = *found;
  return {};
}

std::size_t bench_template::most_of(part const& one) const noexcept {
  switch (one.what) {
    case kind::text:
      return one.text.size();
    case kind::uuid:
      return uuid_size;
    case kind::stamp:
      return stamp_size;
    case kind::csv:
    case kind::next: {
      std::size_t longest = 0;
      for (std::size_t row = 0; row < rows_->rows(); ++row)
        longest = std::max(longest, rows_->cell(row, one.column).size());
      return longest;
    }
    case kind::connection:
    case kind::n:
    case kind::random:
    case kind::time_us:
      break;
  }
  return number_size;
}

std::size_t bench_template::fill(char* to, bench_blanks const& with, bench_random& random) const {
  auto* at = to;
  for (auto const& one : parts_) {
    switch (one.what) {
      case kind::text:
        at = write_text(at, one.text);
        break;
      case kind::connection:
        at = write_number(at, with.connection);
        break;
      case kind::n:
        at = write_number(at, with.n);
        break;
      case kind::random: {
        auto const width = one.most - one.least + 1;  // 0: all there are
        at = write_number(at, one.least + (width == 0 ? random.next() : random.next() % width));
        break;
      }
      case kind::uuid:
        at = write_uuid(at, random);
        break;
      case kind::time_us:
        at = write_number(at, static_cast<std::uint64_t>(wall_clock_us()));
        break;
      case kind::stamp:
        at = write_hex(at, with.connection << 40 | (with.n & ((std::uint64_t{1} << 40) - 1)), stamp_size);
        break;
      case kind::csv:
        at = write_text(at, rows_->cell(with.connection % rows_->rows(), one.column));
        break;
      case kind::next:
        at = write_text(at, rows_->cell(with.next % rows_->rows(), one.column));
        break;
    }
  }
  return static_cast<std::size_t>(at - to);
}

}  // namespace gw::tools
