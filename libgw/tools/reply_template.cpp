#include "tools/reply_template.hpp"

#include "core/json_pointer.hpp"
#include "tools/json_text.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace gw::tools {
namespace {

/// As it stands inside of a JSON string.
std::string escaped(std::string_view text) {
  auto const quoted = dumped(text);
  return quoted.substr(1, quoted.size() - 2);
}

std::string value_at(nlohmann::json const& message, std::string const& pointer) {
  auto const* const found = find_at(message, pointer);
  return found == nullptr ? "null" : dumped(*found);
}

}  // namespace

reply_template::reply_template(std::string_view text) : text_(text) {
  using kind = part::kind;
  constexpr std::array<std::pair<std::string_view, kind>, 4> words = {
      {{"service", kind::service}, {"instance", kind::instance}, {"n", kind::n}, {"path", kind::path}}};
  std::string plain;
  while (!text.empty()) {
    auto const open = std::min(text.find('{'), text.size());
    plain += text.substr(0, open);
    text.remove_prefix(open);
    auto const close = text.find('}');
    auto const name = close == std::string_view::npos ? std::string_view() : text.substr(1, close - 1);
    auto const word = std::find_if(words.begin(), words.end(), [&](auto const& w) { return w.first == name; });
    bool const is_pointer = name.starts_with('/') && json_pointer_fault(name).empty();
    if (word == words.end() && !is_pointer) {
      plain += text.substr(0, 1);
      text.remove_prefix(std::min(text.size(), std::size_t{1}));
      continue;
    }
    if (!plain.empty()) parts_.push_back({kind::text, std::exchange(plain, {})});
    parts_.push_back({is_pointer ? kind::pointer : word->second, std::string(name)});
    reads_message_ = reads_message_ || is_pointer;
    text.remove_prefix(close + 1);
  }
  if (!plain.empty()) parts_.push_back({kind::text, std::move(plain)});
}

std::string reply_template::fill(answering const& who, std::string_view path, std::string_view message) const {
  auto const parsed = reads_message_ ? parse_shallow(message) : nlohmann::json();
  std::string filled;
  for (auto const& p : parts_) {
    switch (p.what) {
      case part::kind::text:
        filled += p.text;
        break;
      case part::kind::service:
        filled += escaped(who.service);
        break;
      case part::kind::instance:
        filled += escaped(who.instance);
        break;
      case part::kind::n:
        filled += std::to_string(who.n);
        break;
      case part::kind::path:
        filled += escaped(path);
        break;
      case part::kind::pointer:
        filled += value_at(parsed, p.text);
        break;
    }
  }
  return filled;
}

}  // namespace gw::tools
