#include "tools/route_suite.hpp"

#include "config/section_reader.hpp"
#include "tools/route_suite_types.hpp"
#include "wire/strict_head_lexis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <variant>

namespace gw::tools {
namespace {

using config::node;
using config::section;
using types_optional_text = config::types::optional<config::types::text>;

constexpr std::size_t largest_file = std::size_t{64} * 1024 * 1024;

section<case_context> const& context_section() {
  static section<case_context> const described{
      "context",
      config::shape::table,
      "The handshake of the session, for all cases of the file.",
      {{"headers", &case_context::headers, texts_by_name{}, "Headers."},
       {"path", &case_context::path, types_optional_text{}, "Path."},
       {"query", &case_context::query, types_optional_text{}, "Query, without '?'."},
       {"subprotocol", &case_context::subprotocol, types_optional_text{}, "Subprotocol that was negotiated."},
       {"client", &case_context::client, types_optional_text{}, "IP address of the client."},
       {"user", &case_context::user, types_optional_text{}, "Who the client has shown to be."}}};
  return described;
}

/// A member of the context, as the case's own.
template <class Member>
auto in_context(Member case_context::*member) {
  return [member](auto& of) -> auto& {
    return of.context.*member;
  };
}

void check_case(route_case const& it, config::complain const& complain) {
  if (!it.message) complain({"message"}, "is missing; write a string or a table");
  if (it.expect.empty()) complain({"expect"}, "is missing; write a service or the code of an error frame");
}

section<route_case> const& case_section() {
  static section<route_case> const described{
      "case",
      config::shape::list,
      "A message and what is to become of it.",
      {{"name", &route_case::name, config::types::text{}, "What the case shows."},
       {"message", &route_case::message, config::types::optional<message_text>{}, "The message."},
       {"binary", &route_case::binary, config::types::flag{}, "Whether it is a binary message."},
       {"context.headers", in_context(&case_context::headers), texts_by_name{}, "Headers of the handshake."},
       {"context.path", in_context(&case_context::path), types_optional_text{}, "Its path."},
       {"context.query", in_context(&case_context::query), types_optional_text{}, "Its query, without '?'."},
       {"context.subprotocol", in_context(&case_context::subprotocol), types_optional_text{}, "What was negotiated."},
       {"context.client", in_context(&case_context::client), types_optional_text{}, "IP address of the client."},
       {"context.user", in_context(&case_context::user), types_optional_text{}, "Who the client has shown to be."},
       {"expect", &route_case::expect, config::types::text{}, "Service, or code of the error frame."},
       {"expect_rule", &route_case::expect_rule, types_optional_text{}, "Rule that answers, or \"url_rule\"."},
       {"expect_captures", &route_case::expect_captures, texts_by_name{}, "What the rule captures."},
       {"expect_key", &route_case::expect_key, types_optional_text{}, "Key that decides the instance."},
       {"expect_instance", &route_case::expect_instance, types_optional_text{}, "Instance that is dialled."},
       {"expect_error", &route_case::expect_error, json_by_pointer{}, "Members of the error frame."}},
      check_case};
  return described;
}

void lay_over(written_handshake& to, case_context const& from) {
  for (auto const& [name, value] : from.headers) {
    std::erase_if(to.headers, [&name = name](auto const& h) { return wire::same_name(h.first, name); });
  }
  to.headers.insert(to.headers.end(), from.headers.begin(), from.headers.end());
  to.path = from.path.value_or(to.path);
  to.query = from.query.value_or(to.query);
  to.subprotocol = from.subprotocol.value_or(to.subprotocol);
  to.client = from.client.value_or(to.client);
  if (from.user) to.user = from.user;
}

class suite_reader {
 public:
  suite_reader(route_judge const& judge, written_handshake const& base, config::report& problems)
      : judge_(judge), base_(base), problems_(problems), tables_(problems) {}

  void read(node const& root, route_suite& to) {
    for (auto const& m : *root.as<node::table>()) {
      if (m.key != "case" && m.key != "context") {
        problems_.add(m.at, m.key, config::unknown_key(m.key, {"case", "context"}));
      }
    }
    case_context shared;
    if (auto const* const context = root.find("context")) {
      tables_.read_table(context_section(), context->value, shared);
    }
    auto const* const cases = root.find("case");
    if (cases == nullptr) return problems_.add({.source = root.at.source}, {}, "has no [[case]]");
    tables_.read_list(case_section(), cases->value, to.cases);
    auto handshake = base_;
    lay_over(handshake, shared);
    for (std::size_t i = 0; i < to.cases.size(); ++i) {
      finish(to.cases[i], (*cases->value.as<node::list>())[i], handshake);
    }
  }

 private:
  void finish(route_case& it, node const& from, written_handshake handshake) {
    it.line = from.at.line;
    if (it.name.empty()) it.name = fmt::format("case in line {}", it.line);
    auto const [first, is_new] = names_.emplace(it.name, it.line);
    if (!is_new) complain(from, "name", fmt::format("is the name of the case in line {}, too", first->second));
    lay_over(handshake, it.context);
    if (auto session = judge_.session_of(handshake)) {
      if (!session->remark.empty()) complain(from, "context", session->remark);
      it.session = *std::move(session);
    } else {
      complain(from, "context", session.error().context);
    }
    if (!it.expect.empty() && !judge_.knows(it.expect)) {
      complain(from, "expect",
               fmt::format("'{}' is neither a service nor a code{}", it.expect, judge_.guess_for(it.expect)));
    }
    check_rule(it, from);
  }

  void check_rule(route_case const& it, node const& from) {
    if (!it.expect_rule) return;
    std::vector<std::string_view> known{url_rule_name};
    for (auto const& r : judge_.settings().rules) known.emplace_back(r.id);
    if (std::find(known.begin(), known.end(), *it.expect_rule) != known.end()) return;
    complain(
        from, "expect_rule",
        fmt::format("there is no rule '{}'{}", *it.expect_rule, guess_or_list(*it.expect_rule, known, "write one of")));
  }

  void complain(node const& from, std::string_view key, std::string what) {
    auto const* const written = from.find(key);
    problems_.add(written == nullptr ? from.at : written->value.at, fmt::format("case.{}", key), std::move(what));
  }

  route_judge const& judge_;
  written_handshake const& base_;
  config::report& problems_;
  config::section_reader tables_;
  std::map<std::string, unsigned, std::less<>> names_;  // of this file, and where each stands
};

}  // namespace

read_suites read_route_suites(std::vector<std::string> const& files, route_judge const& judge,
                              written_handshake const& base, config::outside_knowledge const& outside) {
  read_suites made;
  config::report problems;
  for (auto const& file : files) {
    auto text = outside.read(file, largest_file);
    auto const source = problems.add_source(file, text ? *text : std::string());
    if (!text) {
      problems.add({.source = source}, {}, text.error().context);
      continue;
    }
    auto const parsed = config::parse_toml(problems.text_of(source), source);
    if (auto const* const syntax = std::get_if<config::fault>(&parsed)) {
      problems.add(syntax->at, {}, syntax->text);
      continue;
    }
    suite_reader(judge, base, problems).read(std::get<node>(parsed), made.suites.emplace_back(route_suite{file, {}}));
  }
  made.problems = problems.take();
  return made;
}

}  // namespace gw::tools
