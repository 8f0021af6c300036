#include "config/gather.hpp"

#include "config/describe.hpp"
#include "config/interpolate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

namespace gw::config {
namespace {

constexpr std::size_t largest_file = 4 * 1024 * 1024;
constexpr std::size_t deepest_include = 8;

bool is_glob(std::string_view path) {
  return path.find_first_of("*?[") != path.npos;
}

std::string normal(std::filesystem::path const& path) {
  return path.lexically_normal().string();
}

}  // namespace

void gatherer::add_file(std::string const& path) {
  auto const name = normal(path);
  auto text = outside_.read(path, largest_file);
  bool const twice = std::find(files_.begin(), files_.end(), name) != files_.end();
  auto const source = problems_.add_source(path, text && !twice ? *std::move(text) : std::string());
  if (twice) return problems_.add({.source = source}, {}, "is read already");
  if (!text) {
    broken_ = true;
    return problems_.add({.source = source}, {}, text.error().context);
  }
  files_.push_back(name);
  add_document(source, 0);
}

bool gatherer::is_file(std::string const& name) const {
  return std::find(files_.begin(), files_.end(), normal(name)) != files_.end();
}

void gatherer::add_text(std::string text, std::string const& name) {
  files_.push_back(normal(name));
  add_document(problems_.add_source(name, std::move(text)), 0);
}

void gatherer::add_document(unsigned source, std::size_t depth) {
  auto parsed = parse_toml(problems_.text_of(source), source);
  if (auto const* const syntax = std::get_if<fault>(&parsed)) {
    broken_ = true;
    return problems_.add(syntax->at, {}, syntax->text);
  }
  auto& document = std::get<node>(parsed);
  interpolate(document, outside_, problems_);
  auto const includes = includes_of(document);
  lay_file_over(root_, std::move(document));
  auto const folder = std::filesystem::path(problems_.name_of(source)).parent_path();
  for (auto const& [pattern, at] : includes) include((folder / pattern).string(), at, depth + 1);
}

std::vector<gatherer::place_of_include> gatherer::includes_of(node const& document) {
  auto const* const found = document.find(include_key);
  if (found == nullptr || problems_.is_tainted(found->value.at)) return {};
  faults wrong;
  config read;
  top_section().find(include_key)->read(read, found->value, wrong);
  std::vector<place_of_include> includes;
  for (std::size_t i = 0; i < read.include.size(); ++i) {
    includes.push_back({read.include[i], (*found->value.as<node::list>())[i].at});
  }
  return includes;  // a fault is told by who reads the whole tree
}

void gatherer::include(std::string const& pattern, position at, std::size_t depth) {
  if (!is_glob(pattern)) return include_file(pattern, at, depth);
  for (auto const& path : outside_.match(pattern)) include_file(path, at, depth);
}

void gatherer::include_file(std::string const& path, position at, std::size_t depth) {
  auto const refuse = [&](std::string_view why) {
    broken_ = true;
    problems_.add(at, std::string(include_key), fmt::format("{} {}", path, why));
  };
  auto name = normal(path);
  if (std::find(files_.begin(), files_.end(), name) != files_.end()) {
    return problems_.add(at, std::string(include_key),
                         fmt::format("{} is read already; a file can be part of a configuration once", path));
  }
  if (depth > deepest_include) {
    return refuse(fmt::format("is included too deep; at most {} files below each other", deepest_include));
  }
  auto text = outside_.read(path, largest_file);
  if (!text) return refuse(text.error().context);
  files_.push_back(std::move(name));
  add_document(problems_.add_source(path, *std::move(text)), depth);
}

void gatherer::add_overlay(overlay const& it) {
  auto const source = problems_.add_source(it.from, it.text, it.what);
  auto parsed = parse_overlay(it, source);
  if (auto const* const wrong = std::get_if<fault>(&parsed)) {
    broken_ = true;
    return problems_.add(wrong->at, {}, wrong->text);
  }
  auto& document = std::get<node>(parsed);
  if (auto const* const includes = document.find(include_key)) {
    return problems_.add(includes->at, std::string(include_key), "stands in files only; name further files with -c");
  }
  if (it.how == overlay::form::service && !services_.insert(it.text.substr(0, it.text.find('='))).second) {
    auto const name = it.text.substr(0, it.text.find('='));
    return problems_.add({1, 1, source}, "services." + name,
                         fmt::format("is given twice; write {0} {1}=HOST:PORT,HOST:PORT once", it.from, name));
  }
  interpolate(document, outside_, problems_);
  auto const key = document.as<node::table>()->front().key;
  faults found;
  lay_overlay_over(root_, std::move(document), found);
  for (auto const& f : found) problems_.add(f.at, key, f.text);
}

}  // namespace gw::config
