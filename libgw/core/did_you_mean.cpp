#include "core/did_you_mean.hpp"

#include "core/letters.hpp"

#include <algorithm>
#include <vector>

namespace gw {
namespace {

constexpr std::size_t longest_guess = 64;

bool same(char a, char b) {
  return lower(a) == lower(b);
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  // Three rows of the classic table suffice: a swap looks two rows back.
  std::vector<std::size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      auto const replaced = above[j - 1] + (same(a[i - 1], b[j - 1]) ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1])) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

std::string_view did_you_mean(std::string_view word, std::span<std::string_view const> known) {
  if (word.size() > longest_guess) return {};
  std::size_t nearest = word.size() <= 3 ? 2 : 3;
  std::string_view guess;
  for (auto const candidate : known) {
    if (candidate.size() > longest_guess || candidate.size() <= 1) continue;
    auto const distance = edit_distance(word, candidate);
    if (distance < nearest) {
      nearest = distance;
      guess = candidate;
    }
  }
  return guess;
}

std::string did_you_mean_text(std::string_view word, std::span<std::string_view const> known) {
  auto const guess = did_you_mean(word, known);
  return guess.empty() ? std::string() : "; did you mean '" + std::string(guess) + "'?";
}

std::string guess_or_list(std::string_view word, std::span<std::string_view const> known, std::string_view lead) {
  auto guess = did_you_mean_text(word, known);
  if (!guess.empty() || known.empty()) return guess;
  guess.append("; ").append(lead).append(" ").append(comma_list(known));
  return guess;
}

std::string comma_list(std::span<std::string_view const> words) {
  std::string list;
  for (auto const word : words) list.append(list.empty() ? "" : ", ").append(word);
  return list;
}

}  // namespace gw
