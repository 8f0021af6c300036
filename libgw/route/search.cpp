#include "route/search.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace gw::route {
namespace {

constexpr std::int64_t max_memory_bytes = 1 << 20;  // of one compiled expression with its automata
constexpr std::size_t max_groups = 31;

text_fault fault_of(RE2 const& refused) {
  auto const& source = refused.pattern();
  auto const& part = refused.error_arg();
  auto const found = part.empty() ? source.npos : source.find(part);
  auto const at = found == source.npos ? 0 : found;
  if (refused.error_code() == RE2::ErrorBadPerlOp) {
    auto const behind = std::string_view(source).substr(at);
    auto const begins = [&](std::string_view with) { return behind.starts_with(with); };
    if (begins("(?=") || begins("(?!") || begins("(?<=") || begins("(?<!")) {
      return {at, "RE2 cannot look ahead or behind; say it with another condition"};
    }
    if (begins("(?<")) return {at, "RE2 names a capture (?P<name>...)"};
  }
  return {at, refused.error()};
}

}  // namespace

search::search(std::unique_ptr<RE2> compiled) : compiled_(std::move(compiled)) {
  for (auto const& [group, name] : compiled_->CapturingGroupNames()) {
    names_.push_back(name);
    groups_.push_back(static_cast<std::size_t>(group));
  }
}

search::search(search&&) noexcept = default;
search& search::operator=(search&&) noexcept = default;
search::~search() = default;

std::variant<search, text_fault> search::compile(std::string_view source) {
  RE2::Options options(RE2::Quiet);
  options.set_max_mem(max_memory_bytes);
  auto compiled = std::make_unique<RE2>(re2::StringPiece(source.data(), source.size()), options);
  if (!compiled->ok()) return fault_of(*compiled);
  search made(std::move(compiled));
  if (!made.groups_.empty() && made.groups_.back() > max_groups) {
    return text_fault{0, fmt::format("a named group behind {} others; write (?:...) for those without", max_groups)};
  }
  return made;
}

bool search::find(std::string_view text, std::vector<std::string_view>& captured, std::size_t first) const {
  std::array<re2::StringPiece, max_groups + 1> found;
  auto const wanted = groups_.empty() ? 0 : static_cast<int>(groups_.back()) + 1;
  re2::StringPiece const in(text.data(), text.size());
  if (!compiled_->Match(in, 0, in.size(), RE2::UNANCHORED, found.data(), wanted)) return false;
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    auto const& group = found[groups_[i]];
    captured[first + i] = {group.data(), group.size()};
  }
  return true;
}

std::string const& search::source() const noexcept {
  return compiled_->pattern();
}

std::optional<text_fault> regex_fault(std::string_view regex) {
  auto compiled = search::compile(regex);
  if (auto* const fault = std::get_if<text_fault>(&compiled)) return std::move(*fault);
  return std::nullopt;
}

std::vector<std::string> capture_names(std::string_view regex) {
  auto const compiled = search::compile(regex);
  auto const* const made = std::get_if<search>(&compiled);
  if (made == nullptr) return {};
  auto names = made->names();
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace gw::route
