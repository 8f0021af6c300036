#include "route/condition.hpp"

#include "config/address.hpp"
#include "core/snippet.hpp"
#include "route/text_check.hpp"
#include "wire/target.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace gw::route {
namespace {

using content = message_facts::content;
using captures_of_rule = std::vector<std::string_view>;

answer no(std::string* why, std::string_view text) {
  if (why != nullptr) *why = text;
  return answer::no;
}

answer later(std::string* why) {
  if (why != nullptr) *why = "the message is not complete";
  return answer::later;
}

void ask_for(std::vector<std::string>& names, std::string const& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

// --- of the message's form and of the session ---

class opcode_is final : public condition {
 public:
  explicit opcode_is(bool binary) : binary_(binary) {}

  answer ask(message_facts& about, captures_of_rule&, std::string* why) const override {
    if ((about.what == content::binary) == binary_) return answer::yes;
    return no(why, binary_ ? "the message is text" : "the message is binary");
  }

 private:
  bool binary_;
};

result<> make_opcode(config::condition const& when, condition_maker& to) {
  if (!when.binary) return {};
  if (*when.binary && !(when.field.empty() && when.text.empty())) {
    return to.complaint("when.binary", "a binary message has no field and no text; split the rule in two");
  }
  to.made.push_back(std::make_unique<opcode_is>(*when.binary));
  return {};
}

class path_matches final : public condition {
 public:
  explicit path_matches(std::string pattern) : pattern_(std::move(pattern)) {}

  answer ask(message_facts& about, captures_of_rule&, std::string* why) const override {
    if (wire::path_matches(pattern_, about.from.path)) return answer::yes;
    if (why != nullptr) *why = fmt::format("path {} does not match {}", one_line(about.from.path), pattern_);
    return answer::no;
  }

 private:
  std::string pattern_;
};

result<> make_path(config::condition const& when, condition_maker& to) {
  if (when.path.empty()) return {};
  if (!when.path.starts_with('/')) return to.complaint("when.path", "a path begins with '/'");
  to.asked.path = true;
  to.made.push_back(std::make_unique<path_matches>(when.path));
  return {};
}

class subprotocol_is final : public condition {
 public:
  explicit subprotocol_is(std::string name) : name_(std::move(name)) {}

  answer ask(message_facts& about, captures_of_rule&, std::string* why) const override {
    auto const& negotiated = about.from.subprotocol;
    if (negotiated == name_) return answer::yes;
    if (why == nullptr) return answer::no;
    *why = negotiated.empty() ? fmt::format("no subprotocol was negotiated, not {}", name_)
                              : fmt::format("subprotocol {} is not {}", one_line(negotiated), name_);
    return answer::no;
  }

 private:
  std::string name_;
};

result<> make_subprotocol(config::condition const& when, condition_maker& to) {
  if (when.subprotocol.empty()) return {};
  to.asked.subprotocol = true;
  to.made.push_back(std::make_unique<subprotocol_is>(when.subprotocol));
  return {};
}

class client_is_in final : public condition {
 public:
  client_is_in(std::vector<config::cidr> networks, std::vector<std::string> texts)
      : networks_(std::move(networks)), texts_(std::move(texts)) {}

  answer ask(message_facts& about, captures_of_rule&, std::string* why) const override {
    auto const& client = about.from.client;
    auto const holds = [&](config::cidr const& one) { return one.contains(*client); };
    if (client && std::any_of(networks_.begin(), networks_.end(), holds)) return answer::yes;
    if (why == nullptr) return answer::no;
    *why = client ? fmt::format("client {} is not in {}", config::to_text(*client), fmt::join(texts_, ", "))
                  : std::string("the client has no IP address");
    return answer::no;
  }

 private:
  std::vector<config::cidr> networks_;
  std::vector<std::string> texts_;  // as they were written
};

result<> make_client(config::condition const& when, condition_maker& to) {
  if (when.client.empty()) return {};
  std::vector<config::cidr> networks;
  for (auto const& text : when.client) {
    auto parsed = config::parse_cidr(text);
    if (!parsed) return to.complaint("when.client", parsed.error().context);
    networks.push_back(*parsed);
  }
  to.asked.client = true;
  to.made.push_back(std::make_unique<client_is_in>(std::move(networks), when.client));
  return {};
}

class user_holds final : public condition {
 public:
  explicit user_holds(text_check check) : check_(std::move(check)) {}

  answer ask(message_facts& about, captures_of_rule& captured, std::string* why) const override {
    auto const& user = about.from.user;
    auto const value = user ? std::optional<std::string_view>(*user) : std::nullopt;
    return check_.holds(value, captured, why) ? answer::yes : answer::no;
  }

 private:
  text_check check_;
};

result<> make_user(config::condition const& when, condition_maker& to) {
  if (!when.user) return {};
  auto check = text_check::make(*when.user, "when.user", "the user", to);
  if (!check) return check.error();
  to.asked.user = true;
  to.made.push_back(std::make_unique<user_holds>(*std::move(check)));
  return {};
}

// --- named texts of the handshake ---

using named_items = std::vector<circumstances::item> circumstances::*;

class item_holds final : public condition {
 public:
  item_holds(named_items where, std::string name, text_check check)
      : where_(where), name_(std::move(name)), check_(std::move(check)) {}

  answer ask(message_facts& about, captures_of_rule& captured, std::string* why) const override {
    return check_.holds(value_of(about.from.*where_, name_), captured, why) ? answer::yes : answer::no;
  }

 private:
  named_items where_;
  std::string name_;
  text_check check_;
};

result<> make_items(std::vector<config::named_test> const& tests, named_items where, std::vector<std::string>& asked,
                    std::string_view key, std::string_view what, condition_maker& to) {
  for (auto const& test : tests) {
    if (test.name.empty()) return to.complaint(key, "needs a name");
    auto check = text_check::make(test.value, key, fmt::format("{} {}", what, test.name), to);
    if (!check) return check.error();
    ask_for(asked, test.name);
    to.made.push_back(std::make_unique<item_holds>(where, test.name, *std::move(check)));
  }
  return {};
}

result<> make_header(config::condition const& when, condition_maker& to) {
  return make_items(when.headers, &circumstances::headers, to.asked.headers, "when.header", "header", to);
}

result<> make_query(config::condition const& when, condition_maker& to) {
  return make_items(when.query, &circumstances::query, to.asked.query, "when.query", "query parameter", to);
}

result<> make_cookie(config::condition const& when, condition_maker& to) {
  return make_items(when.cookies, &circumstances::cookies, to.asked.cookies, "when.cookie", "cookie", to);
}

// --- of the content ---

class field_holds final : public condition {
 public:
  field_holds(std::size_t number, std::string subject, text_check check)
      : number_(number), subject_(std::move(subject)), check_(std::move(check)) {}

  answer ask(message_facts& about, captures_of_rule& captured, std::string* why) const override {
    if (about.what == content::binary) return no(why, "a binary message has no fields");
    if (about.what == content::beginning) return later(why);
    auto const* const fields = about.fields();
    if (fields == nullptr) return no(why, "the message is no JSON object");
    auto const& found = (*fields)[number_];
    switch (found.what) {
      case field::kind::absent:
        return check_.holds(std::nullopt, captured, why) ? answer::yes : answer::no;
      case field::kind::scalar:
        return check_.holds(found.text, captured, why) ? answer::yes : answer::no;
      case field::kind::nested:
        return check_.holds_without_text(why) ? answer::yes : answer::no;
      case field::kind::twice:
        break;
    }
    return no(why, subject_ + " stands there twice");
  }

 private:
  std::size_t number_;
  std::string subject_;
  text_check check_;
};

result<> make_field(config::condition const& when, condition_maker& to) {
  auto const& value = when.value;
  if (when.field.empty()) {
    if (!value.equals && !value.prefix && !value.regex && !value.exists) return {};
    return to.complaint("when.field", "is missing: equals, prefix, regex and exists ask about it");
  }
  if (auto const fault = pointer_fault(when.field); !fault.empty()) return to.complaint("when.field", fault);
  auto subject = "field " + when.field;
  auto check = text_check::make(value, "when", subject, to);
  if (!check) return check.error();
  auto const number = to.fields.add(when.field);
  to.made.push_back(std::make_unique<field_holds>(number, std::move(subject), *std::move(check)));
  return {};
}

class text_matches final : public condition {
 public:
  explicit text_matches(text_check check) : check_(std::move(check)) {}

  answer ask(message_facts& about, captures_of_rule& captured, std::string* why) const override {
    if (about.what == content::binary) return no(why, "a binary message is no text");
    if (about.what == content::beginning) return later(why);
    return check_.holds(about.text, captured, why) ? answer::yes : answer::no;
  }

 private:
  text_check check_;
};

result<> make_text(config::condition const& when, condition_maker& to) {
  if (when.text.empty()) return {};
  auto check = text_check::make_regex(when.text, "when.text", "the text", to);
  if (!check) return check.error();
  to.made.push_back(std::make_unique<text_matches>(*std::move(check)));
  return {};
}

constexpr std::array kinds = {
    config::kind<make_conditions>{"binary", "The message is binary (true) or text (false).", make_opcode},
    config::kind<make_conditions>{"path", "The path of the handshake, as in listener.ws_paths.", make_path},
    config::kind<make_conditions>{"subprotocol", "The subprotocol that was negotiated.", make_subprotocol},
    config::kind<make_conditions>{"client", "The client's address lies in one of these networks.", make_client},
    config::kind<make_conditions>{"user", "Who the client has shown to be.", make_user},
    config::kind<make_conditions>{"header", "A header of the handshake.", make_header},
    config::kind<make_conditions>{"query", "A query parameter of the handshake, decoded.", make_query},
    config::kind<make_conditions>{"cookie", "A cookie of the handshake.", make_cookie},
    config::kind<make_conditions>{"field", "A member of a JSON message, by its JSON Pointer.", make_field},
    config::kind<make_conditions>{"text", "The raw text, searched by a regular expression.", make_text},
};

}  // namespace

std::span<config::kind<make_conditions> const> condition_kinds() {
  return kinds;
}

json_fields const* message_facts::fields() {
  if (read == reading::not_yet) read = reader.read(text, lenient) ? reading::object : reading::other;
  return read == reading::object ? &reader : nullptr;
}

error condition_maker::complaint(std::string_view key, std::string_view text) const {
  return {.code = errc::bad_config, .context = fmt::format("rule '{}': {}: {}", rule, key, text), .cause = {}};
}

}  // namespace gw::route
