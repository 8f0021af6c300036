// Guesses what somebody meant who mistyped a word: config keys, options, services, kinds of extensions.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace gw {

/// Single-character insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`; the comparison
/// ignores the case of ASCII letters. O(|a| |b|).
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The known word nearest to `word`, the first of equals; empty if none is near (distance <= 2, and <= 1 for words of
/// three letters or fewer). Words longer than 64 bytes are not guessed at.
std::string_view did_you_mean(std::string_view word, std::span<std::string_view const> known);

/// "; did you mean 'X'?" or nothing, to be put behind a complaint.
std::string did_you_mean_text(std::string_view word, std::span<std::string_view const> known);

/// The guess, or without one all that there is: "; LEAD a, b, c".
std::string guess_or_list(std::string_view word, std::span<std::string_view const> known, std::string_view lead);

/// "a, b, c"
std::string comma_list(std::span<std::string_view const> words);

}  // namespace gw
