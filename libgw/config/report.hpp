// Collects the problems of one configuration; the part of the loader that knows its texts and their lines.
#pragma once

#include "config/overlay.hpp"
#include "config/problem.hpp"
#include "config/tree.hpp"

#include <cstddef>
#include <deque>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace gw::config {

class report {
 public:
  /// A file, a flag or a variable by the name that problems show. The number is for position::source.
  unsigned add_source(std::string name, std::string text, text_source::kind what = text_source::kind::file);
  std::string_view text_of(unsigned source) const { return sources_[source].text; }
  std::string const& name_of(unsigned source) const { return sources_[source].name; }
  std::string place_of(position at) const;
  /// All of them, by their numbers.
  std::vector<text_source> sources() const;

  void add(position at, std::string key, std::string what);
  std::size_t size() const noexcept { return problems_.size(); }
  /// Whether `key` has a problem already, so that checks built on its value would only confuse. `since`: do not look at
  /// the problems that were there when size() was this.
  bool has(std::string_view key, std::size_t since = 0) const;

  /// What is written at `at` has problems, so that its value means nothing.
  void taint(position at) { tainted_.emplace(at.source, at.line, at.column); }
  bool is_tainted(position at) const { return tainted_.contains({at.source, at.line, at.column}); }

  /// Where `word` stands in the string that begins at `at`: on the same line, else `at`.
  position find_in(position at, std::string_view word) const;

  /// The problems so far, text by text and each in its order.
  std::vector<problem> take();

 private:
  struct origin {
    std::string name;
    std::string text;
    text_source::kind what = text_source::kind::file;
    std::vector<std::string_view> lines = {};
  };
  struct entry {
    position at;
    problem what;
  };

  std::string_view line_of(position at) const;

  std::deque<origin> sources_;  // never moved: the lines point into the texts
  std::vector<entry> problems_;
  std::set<std::tuple<unsigned, unsigned, unsigned>> tainted_;
};

/// The place of the byte `offset` of the string that is written at `at`.
position inside(position at, std::size_t offset);

}  // namespace gw::config
