#include "route/text_check.hpp"

#include "core/snippet.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace gw::route {
namespace {

template <class... Args>
bool missed(std::string* why, fmt::format_string<Args...> form, Args&&... args) {
  if (why != nullptr) *why = fmt::format(form, std::forward<Args>(args)...);
  return false;
}

}  // namespace

result<text_check> text_check::make(config::text_test const& test, std::string_view key, std::string subject,
                                    condition_maker& maker) {
  text_check made(std::move(subject));
  made.exists_ = test.exists.value_or(true);
  made.equals_ = test.equals;
  made.prefix_ = test.prefix;
  if (!made.exists_ && (test.equals || test.prefix || test.regex)) {
    return maker.complaint(key, "what must not exist has no text for equals, prefix or regex");
  }
  if (!test.regex) return made;
  if (auto added = made.add_regex(*test.regex, fmt::format("{}.regex", key), maker); !added) return added.error();
  return made;
}

result<text_check> text_check::make_regex(std::string const& regex, std::string_view key, std::string subject,
                                          condition_maker& maker) {
  text_check made(std::move(subject));
  if (auto added = made.add_regex(regex, key, maker); !added) return added.error();
  return made;
}

result<> text_check::add_regex(std::string const& regex, std::string_view key, condition_maker& maker) {
  auto compiled = search::compile(regex);
  if (auto const* const fault = std::get_if<text_fault>(&compiled)) {
    return maker.complaint(key, fmt::format("at byte {}: {}", fault->at, fault->text));
  }
  regex_ = std::get<search>(std::move(compiled));
  first_capture_ = maker.names.size();
  for (auto const& name : regex_->names()) {
    if (std::find(maker.names.begin(), maker.names.end(), name) != maker.names.end()) {
      return maker.complaint(key, fmt::format("'{}' is captured twice", name));
    }
    maker.names.push_back(name);
  }
  return {};
}

bool text_check::holds(std::optional<std::string_view> text, std::vector<std::string_view>& captured,
                       std::string* why) const {
  if (!text) return !exists_ || missed(why, "{} is absent", subject_);
  if (!exists_) return missed(why, "{} is there", subject_);
  if (equals_ && *text != *equals_) return missed(why, "{} is '{}', not '{}'", subject_, one_line(*text), *equals_);
  if (prefix_ && !text->starts_with(*prefix_)) {
    return missed(why, "{} is '{}', which does not begin with '{}'", subject_, one_line(*text), *prefix_);
  }
  if (regex_ && !regex_->find(*text, captured, first_capture_)) {
    return missed(why, "{} is '{}', which does not match {}", subject_, one_line(*text), regex_->source());
  }
  return true;
}

bool text_check::holds_without_text(std::string* why) const {
  if (!exists_) return missed(why, "{} is there", subject_);
  if (!equals_ && !prefix_ && !regex_) return true;
  return missed(why, "{} is an object or an array, not a text", subject_);
}

}  // namespace gw::route
