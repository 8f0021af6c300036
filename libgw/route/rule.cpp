#include "route/rule.hpp"

#include "config/address.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

namespace gw::route {
namespace {

result<text_template> compiled(std::string const& source, std::string_view key, condition_maker const& maker) {
  auto made = text_template::compile(source, maker.names);
  if (auto const* const fault = std::get_if<text_fault>(&made)) {
    return maker.complaint(key, fmt::format("at byte {}: {}", fault->at, fault->text));
  }
  return std::get<text_template>(std::move(made));
}

}  // namespace

result<rule> rule::make(config::rule const& from, json_fields& fields, questions& asked) {
  condition_maker maker{.rule = from.id, .fields = fields, .asked = asked};
  for (auto const& kind : condition_kinds()) {
    if (auto made = kind.make(from.when, maker); !made) return made.error();
  }
  rule compiled_rule;
  compiled_rule.id_ = from.id;
  if (auto made = compiled_rule.compile_templates(from, maker); !made) return made.error();
  auto const asks_user = [](auto const& text) { return text && text->from.asks_user(); };
  asked.user = asked.user || compiled_rule.service_.from.asks_user() || asks_user(compiled_rule.instance_) ||
               asks_user(compiled_rule.key_);
  compiled_rule.conditions_ = std::move(maker.made);
  compiled_rule.names_ = std::move(maker.names);
  compiled_rule.captured_.resize(compiled_rule.names_.size());
  return compiled_rule;
}

result<> rule::compile_templates(config::rule const& from, condition_maker const& maker) {
  if (from.service.empty()) return maker.complaint("service", "is missing");
  if (!from.instance.empty() && !from.key.empty()) return maker.complaint("key", "give either instance or key");
  auto service = compiled(from.service, "service", maker);
  if (!service) return service.error();
  service_ = {*std::move(service), {}};
  if (!from.instance.empty()) {
    auto instance = compiled(from.instance, "instance", maker);
    if (!instance) return instance.error();
    auto const readable = config::parse_host_port(from.instance);
    if (instance->is_constant() && !readable) return maker.complaint("instance", readable.error().context);
    instance_ = {*std::move(instance), {}};
  }
  if (!from.key.empty()) {
    auto key = compiled(from.key, "key", maker);
    if (!key) return key.error();
    key_ = {*std::move(key), {}};
  }
  return {};
}

std::optional<std::string_view> rule::constant_service() const {
  if (!service_.from.is_constant()) return std::nullopt;
  return service_.from.source();
}

answer rule::ask(message_facts& about, std::string* why) {
  std::fill(captured_.begin(), captured_.end(), std::string_view{});
  for (auto const& one : conditions_) {
    if (auto const said = one->ask(about, captured_, why); said != answer::yes) return said;
  }
  return answer::yes;
}

bool rule::render(made_text& what, circumstances const& from, std::string_view& to, std::string_view& fault) {
  auto const [how, text] = what.from.render(captured_, from.user, what.space);
  to = text;
  switch (how) {
    case text_template::outcome::made:
      return true;
    case text_template::outcome::empty:
      fault = "a template of the rule yields an empty text";
      break;
    case text_template::outcome::too_long:
      fault = "a template of the rule yields more than 1 KiB";
      break;
    case text_template::outcome::no_user:
      fault = "the rule needs {user}, and nobody knows who the client is";
      break;
  }
  return false;
}

yielded rule::yield(circumstances const& from) {
  yielded out;
  if (!render(service_, from, out.service, out.fault)) return out;
  if (key_ && !render(*key_, from, out.key, out.fault)) return out;
  if (!instance_ || !render(*instance_, from, out.instance, out.fault)) return out;
  if (!instance_->from.is_constant() && !config::parse_host_port(out.instance)) {
    out.fault = "the rule yields no host:port for 'instance'";
  }
  return out;
}

}  // namespace gw::route
