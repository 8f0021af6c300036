#include "wire/deflate_offer.hpp"

#include "wire/strict_head_lexis.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace gw::wire {
namespace {

constexpr std::string_view name_of_deflate = "permessage-deflate";

struct parameter {
  std::string_view name;
  std::optional<std::string> value;
};

struct extension {
  std::string_view name;
  std::vector<parameter> parameters;
};

/// Reads the lists of extensions, field by field. Spaces may stand around commas and semicolons, not around `=`.
class extension_reader {
 public:
  /// False: `text` breaks the grammar.
  bool read(std::string_view text) {
    rest_ = text;
    for (;;) {
      skip_spaces();
      if (rest_.empty()) return true;
      if (take(',')) continue;  // empty elements mean nothing (RFC 9110 section 5.6.1.2)
      if (!read_extension()) return false;
      if (!rest_.empty() && !take(',')) return false;
    }
  }

  std::vector<extension> found;

 private:
  bool read_extension() {
    auto const name = token();
    if (name.empty()) return false;
    found.push_back({name, {}});
    for (skip_spaces(); take(';'); skip_spaces()) {
      skip_spaces();
      auto const parameter_name = token();
      if (parameter_name.empty()) return false;
      parameter p{parameter_name, {}};
      if (take('=') && !read_value(p.value.emplace())) return false;
      found.back().parameters.push_back(std::move(p));
    }
    return true;
  }

  /// Quoted or not, it is a token.
  bool read_value(std::string& value) {
    if (!take('"')) {
      value = token();
      return !value.empty();
    }
    while (!rest_.empty() && !take('"')) {
      take('\\');
      if (rest_.empty()) return false;
      value.push_back(rest_.front());
      rest_.remove_prefix(1);
      if (rest_.empty()) return false;
    }
    return is_token(value);
  }

  std::string_view token() {
    auto const end = std::find_if_not(rest_.begin(), rest_.end(), is_token_char);
    auto const length = static_cast<std::size_t>(end - rest_.begin());
    auto const word = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return word;
  }

  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void skip_spaces() {
    while (rest_.starts_with(' ') || rest_.starts_with('\t')) rest_.remove_prefix(1);
  }

  std::string_view rest_;
};

std::vector<extension> extensions_of(head_fields const& head) {
  extension_reader reader;
  for (auto const& [name, value] : head.fields) {
    if (same_name(name, "sec-websocket-extensions") && !reader.read(value)) return {};
  }
  return std::move(reader.found);
}

/// 8 to 15, without leading zeros (RFC 7692 section 7.1.2).
std::optional<std::uint8_t> window_bits(std::optional<std::string> const& value) {
  constexpr std::array<std::string_view, 8> all = {"8", "9", "10", "11", "12", "13", "14", "15"};
  if (!value) return std::nullopt;
  auto const found = std::find(all.begin(), all.end(), *value);
  if (found == all.end()) return std::nullopt;
  return static_cast<std::uint8_t>(8 + (found - all.begin()));
}

bool names_twice(extension const& e) {
  std::vector<std::string_view> names;
  for (auto const& p : e.parameters) names.push_back(p.name);
  std::sort(names.begin(), names.end());
  return std::adjacent_find(names.begin(), names.end()) != names.end();
}

std::optional<deflate_terms> judge_offer(extension const& offer) {
  if (offer.name != name_of_deflate || names_twice(offer)) return std::nullopt;
  deflate_terms terms;
  for (auto const& [name, value] : offer.parameters) {
    auto const bits = window_bits(value);
    if (name == "server_no_context_takeover" || name == "client_no_context_takeover") {
      if (value) return std::nullopt;
    } else if (name == "server_max_window_bits") {
      if (!bits) return std::nullopt;
      terms = {.window_bits = *bits, .window_asked = true};
    } else if (name == "client_max_window_bits") {
      if (value && !bits) return std::nullopt;  // we inflate any window, so nothing is asked of the client
    } else {
      return std::nullopt;
    }
  }
  return terms;
}

}  // namespace

std::optional<deflate_terms> choose_deflate(head_fields const& head) {
  for (auto const& offer : extensions_of(head)) {
    if (auto const terms = judge_offer(offer); terms) return terms;
  }
  return std::nullopt;
}

std::string deflate_answer(deflate_terms const& terms) {
  std::string answer(deflate_offer);  // confirms both parameters, or adds them
  if (terms.window_asked) answer += "; server_max_window_bits=" + std::to_string(terms.window_bits);
  return answer;
}

bool accepts_deflate_offer(head_fields const& head) {
  auto const answered = extensions_of(head);
  if (answered.size() != 1 || !judge_offer(answered.front())) return false;
  auto const& all = answered.front().parameters;
  auto const names = [&](std::string_view name) {
    return std::any_of(all.begin(), all.end(), [name](parameter const& p) { return p.name == name; });
  };
  return names("server_no_context_takeover") && !names("client_max_window_bits");
}

}  // namespace gw::wire
