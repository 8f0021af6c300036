// Custom rules with every kind of condition against a naive reading of the same rules over a tree of the message: equal
// answers to every text in all circumstances. And what the beginning of a message decides, the whole decides alike.
#include "route/table.hpp"
#include "wire/utf8.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using gw::route::circumstances;
using gw::route::route_verdict;
using nlohmann::json;

void require(bool holds) {
  if (!holds) std::abort();
}

/// A JSON value with its doubled members; what is in an array is named by its position.
struct value {
  enum class kind : std::uint8_t { scalar, object, array };
  kind what = kind::scalar;
  std::string text = {};
  std::vector<std::pair<std::string, value>> inside = {};
};

/// Builds the tree.
struct builder final : nlohmann::json_sax<json> {
  value root{.what = value::kind::array};  // its one element is the message
  std::vector<value*> open{&root};
  std::string name;
  bool cannot_tell = false;  // the reference converts numbers and refuses those that overflow

  bool add(value v) {
    auto& in = *open.back();
    in.inside.emplace_back(in.what == value::kind::object ? name : std::to_string(in.inside.size()), std::move(v));
    return true;
  }
  bool enter(value::kind what) {
    add({.what = what});
    open.push_back(&open.back()->inside.back().second);
    return open.size() <= 65;
  }
  bool leave() { return open.pop_back(), true; }
  bool null() override { return add({.text = "null"}); }
  bool boolean(bool v) override { return add({.text = v ? "true" : "false"}); }
  bool number_integer(number_integer_t v) override { return add({.text = std::to_string(v)}); }
  bool number_unsigned(number_unsigned_t v) override { return add({.text = std::to_string(v)}); }
  bool number_float(number_float_t, string_t const& as_written) override { return add({.text = as_written}); }
  bool binary(binary_t&) override { return false; }
  bool string(string_t& text) override { return add({.text = text}); }
  bool start_object(std::size_t) override { return enter(value::kind::object); }
  bool start_array(std::size_t) override { return enter(value::kind::array); }
  bool key(string_t& text) override { return name = text, true; }
  bool end_object() override { return leave(); }
  bool end_array() override { return leave(); }
  bool parse_error(std::size_t, std::string const&, json::exception const& e) override {
    cannot_tell = e.id == 406;
    return false;
  }
};

struct message {
  std::string_view text;
  value const* object;  // null: it is none

  enum class presence : std::uint8_t { absent, there, twice };
  struct place {
    presence is = presence::absent;
    value const* what = nullptr;
  };

  place at(std::vector<std::string> const& path) const {
    auto const* here = object;
    for (auto const& part : path) {
      value const* next = nullptr;
      for (auto const& [name, v] : here->inside) {
        if (name != part) continue;
        if (next != nullptr) return {presence::twice, nullptr};
        next = &v;
      }
      if (next == nullptr) return {};
      here = next;
    }
    return {presence::there, here};
  }

  /// The text that `path` leads to, unless it is absent, doubled or nested.
  std::optional<std::string> scalar(std::vector<std::string> const& path) const {
    if (object == nullptr) return std::nullopt;
    auto const found = at(path);
    bool const good = found.is == presence::there && found.what->what == value::kind::scalar;
    return good ? std::optional(found.what->text) : std::nullopt;
  }
};

struct expected {
  std::uint32_t rule = 0;
  std::string service = {};
  std::string key = {};
};

gw::config::named_test named(std::string name, gw::config::text_test test = {}) {
  return {.name = std::move(name), .value = std::move(test)};
}

std::vector<gw::config::rule> const& custom_rules() {
  static std::vector<gw::config::rule> const rules = {
      {.id = "1",
       .when = {.field = "/a", .value = {.equals = "x"}, .headers = {named("h", {.equals = "1"})}},
       .service = "order"},
      {.id = "2", .when = {.field = "/a/b", .value = {.prefix = "1"}}, .service = "exec"},
      {.id = "3", .when = {.field = "/c/1/d", .value = {.exists = false}, .query = {named("q")}}, .service = "audio"},
      {.id = "4", .when = {.field = "/m~1n/~0", .value = {.regex = R"(^(?P<s>[a-z]+)\.)"}}, .service = "{s}"},
      {.id = "5", .when = {.field = "/k", .cookies = {named("c")}, .client = {"10.0.0.0/8"}}, .service = "legacy"},
      {.id = "6", .when = {.text = "^(?P<t>t+)", .user = {{.prefix = "an"}}}, .service = "exec", .key = "{user}{t}"},
      {.id = "7", .when = {.binary = true, .subprotocol = "chat"}, .service = "audio"},
      {.id = "8", .when = {.path = "/ws/*"}, .service = "legacy"},
  };
  return rules;
}

circumstances circumstances_by(unsigned bits) {
  circumstances from;
  if ((bits & 1) != 0) from.path = "/ws/x";
  if ((bits & 2) != 0) from.headers = {{"h", "1"}};
  if ((bits & 4) != 0) from.query = {{"q", ""}};
  if ((bits & 8) != 0) from.client = gw::config::parse_ip("10.1.2.3");
  if ((bits & 16) != 0) from.cookies = {{"c", "2"}};
  if ((bits & 32) != 0) from.user = "ann";
  if ((bits & 64) != 0) from.subprotocol = "chat";
  return from;
}

/// The same rules, read one by one and naively.
expected expect(message const& m, circumstances const& from) {
  auto const a = m.scalar({"a"});
  if (a == "x" && !from.headers.empty()) return {1, "order"};
  auto const b = m.scalar({"a", "b"});
  if (b && b->starts_with('1')) return {2, "exec"};
  bool const no_d = m.object != nullptr && m.at({"c", "1", "d"}).is == message::presence::absent;
  if (no_d && !from.query.empty()) return {3, "audio"};
  if (auto const s = m.scalar({"m/n", "~"})) {
    auto const word = std::find_if(s->begin(), s->end(), [](char c) { return c < 'a' || c > 'z'; });
    if (word != s->begin() && word != s->end() && *word == '.') return {4, std::string(s->begin(), word)};
  }
  bool const k = m.object != nullptr && m.at({"k"}).is == message::presence::there;
  if (k && from.client && !from.cookies.empty()) return {5, "legacy"};
  auto const t = std::min(m.text.find_first_not_of('t'), m.text.size());
  if (t != 0 && from.user) return {6, "exec", *from.user + std::string(t, 't')};
  if (!from.path.empty()) return {8, "legacy"};
  return {};
}

gw::route::table table_of(bool url_rule, gw::config::leniency lenient) {
  return gw::route::table::make({.enabled = url_rule, .lenient = lenient}, {"audio", "exec", "legacy", "order"},
                                custom_rules())
      .value();
}

void check(gw::route::table const& t, gw::route::decision const& d, expected const& e) {
  require(d.rule == e.rule);
  if (e.rule == 0) return require(d.verdict == route_verdict::failed && d.fault == gw::errc::no_route);
  if (e.key.size() > 1024) return require(d.fault == gw::errc::rule_error);
  auto const known = t.find(e.service);
  if (!known) {
    bool const too_long = e.service.size() > 1024;
    return require(d.verdict == route_verdict::failed &&
                   d.fault == (too_long ? gw::errc::rule_error : gw::errc::no_route));
  }
  require(d.verdict == route_verdict::routed && d.service == *known && d.key == e.key);
}

/// What a prefix decides without the URL rule, and that the explanation names the service that the decision does.
void check_agreement(gw::route::table& t, std::string_view text, std::size_t cut, circumstances const& from) {
  bool undecided = false;
  auto const early = t.decide_prefix(text.substr(0, cut), from, undecided);
  auto const verdict = early.verdict;
  auto const rule = early.rule;
  auto const d = t.decide(text, from);
  if (!undecided && !early.watched) require(d.verdict == verdict && d.rule == rule);
  if (d.verdict != route_verdict::routed) return;
  auto const line = "\nservice " + std::string(t.name_of(d.service)) + "\n";
  require(("\n" + t.explain(text, from)).find(line) != std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using gw::config::leniency;
  static std::array<gw::route::table, 3> const made = {
      table_of(false, leniency::off), table_of(false, leniency::automatic), table_of(true, leniency::automatic)};
  if (size < 2) return 0;
  auto const from = circumstances_by(data[0]);
  std::string_view const text{reinterpret_cast<char const*>(data) + 2, size - 2};
  if (!gw::wire::is_utf8(text)) return 0;
  auto const cut = std::min<std::size_t>(data[1], text.size());
  auto tables = made;
  for (auto& t : tables) check_agreement(t, text, cut, from);

  builder tree;
  // The reference skips a byte order mark, takes a zero byte for the end of the text and loses the sign of -0.
  bool const foreign = text.starts_with("\xEF\xBB\xBF") || text.find('\0') != text.npos || text.find("-0") != text.npos;
  if (foreign) return 0;
  bool const parsed = json::sax_parse(text, &tree);
  if (tree.cannot_tell) return 0;
  auto const* const top = parsed ? &tree.root.inside.front().second : nullptr;
  message const m{text, top != nullptr && top->what == value::kind::object ? top : nullptr};
  auto const e = expect(m, from);
  check(tables[0], tables[0].decide(text, from), e);
  if (m.object != nullptr) check(tables[1], tables[1].decide(text, from), e);
  auto const binary = tables[0].decide_binary(from);
  require(binary.rule == (from.subprotocol.empty() ? from.path.empty() ? 0U : 8U : 7U));
  return 0;
}
