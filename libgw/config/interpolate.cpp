#include "config/interpolate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace gw::config {
namespace {

constexpr std::size_t largest_value = 64 * 1024;
constexpr std::string_view open_mark = "${";
constexpr std::string_view file_mark = "file:";
constexpr std::string_view default_mark = ":-";

error fault_of(std::string what) {
  return {.code = errc::bad_config, .context = std::move(what), .cause = {}};
}

bool is_variable_name(std::string_view name) {
  auto const good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && !(name.front() >= '0' && name.front() <= '9') && std::all_of(name.begin(), name.end(), good);
}

result<std::string> content_of(std::string_view path, outside_knowledge const& outside) {
  if (!path.starts_with('/')) return fault_of(fmt::format("'{}' needs an absolute path; write ${{file:/path}}", path));
  auto text = outside.read(std::string(path), largest_value);
  if (!text) return fault_of(fmt::format("{} {}", path, text.error().context));
  if (text->ends_with('\n')) text->pop_back();
  if (text->ends_with('\r')) text->pop_back();
  return text;
}

/// What `${inside}` stands for.
result<std::string> value_of(std::string_view inside, outside_knowledge const& outside) {
  if (inside.starts_with(file_mark)) return content_of(inside.substr(file_mark.size()), outside);
  auto const mark = inside.find(default_mark);
  std::string const name(inside.substr(0, mark));
  if (!is_variable_name(name)) {
    return fault_of(fmt::format(
        "'{}' is not a variable; write ${{NAME}}, ${{NAME:-default}} or ${{file:/path}}, and $${{ for ${{ itself",
        inside));
  }
  auto value = outside.variable(name);
  bool const has_default = mark != inside.npos;
  if (has_default && (!value || value->empty())) return std::string(inside.substr(mark + default_mark.size()));
  if (!value) return fault_of(fmt::format("the variable {0} is not set; set it, or write ${{{0}:-default}}", name));
  return *std::move(value);
}

class interpolation {
 public:
  interpolation(outside_knowledge const& outside, report& problems) : outside_(outside), problems_(problems) {}

  /// The members of a table, whose keys are put behind `path`.
  void visit_members(node::table& members, std::string const& path) {
    for (auto& m : members) visit(m.value, path + m.key);
  }

 private:
  void visit(node& at, std::string const& path) {
    auto const before = problems_.size();
    if (auto* const text = at.as<std::string>()) {
      if (text->find(open_mark) != text->npos) *text = replaced(*text, at, path);
    } else if (auto* const list = at.as<node::list>()) {
      for (auto& element : *list) visit(element, path);
    } else if (auto* const table = at.as<node::table>()) {
      visit_members(*table, path + ".");
    }
    if (problems_.size() != before) problems_.taint(at.at);
  }

  std::string replaced(std::string_view text, node& written, std::string const& path) {
    auto const at = written.at;
    std::string out;
    for (;;) {
      auto const open = text.find(open_mark);
      out += text.substr(0, open);
      if (open == text.npos) return out;
      if (open > 0 && text[open - 1] == '$') {
        out += open_mark.substr(1);
        text.remove_prefix(open + open_mark.size());
        continue;
      }
      auto const close = text.find('}', open);
      auto const inside = text.substr(open + open_mark.size(), close - open - open_mark.size());
      auto const value =
          close == text.npos ? fault_of("'${' without '}'; write $${ for ${ itself") : value_of(inside, outside_);
      if (!value) {
        auto const unknown = text.substr(open, close - open);
        problems_.add(problems_.find_in(at, unknown), path, value.error().context);
      }
      if (close == text.npos) return out;
      if (value) out += *value;
      if (inside.starts_with(file_mark)) written.secret = true;
      text.remove_prefix(close + 1);
    }
  }

  outside_knowledge const& outside_;
  report& problems_;
};

}  // namespace

void interpolate(node& root, outside_knowledge const& outside, report& problems) {
  if (auto* const members = root.as<node::table>()) interpolation(outside, problems).visit_members(*members, {});
}

}  // namespace gw::config
