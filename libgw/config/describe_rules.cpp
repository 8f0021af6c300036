// Which service a message or a handshake is for.
#include "config/describe.hpp"
#include "config/text_checks.hpp"
#include "config/types.hpp"

#include <string_view>

namespace gw::config {
namespace {

using namespace types;

template <class Value>
auto of_test(Value text_test::*part) {
  return [part](auto& owner) -> auto& {
    return owner.when.value.*part;
  };
}

void check_rule(rule const& r, complain const& report) {
  if (r.service.empty()) report({"service"}, "missing; write service = \"NAME\"");
  if (!r.instance.empty() && !r.key.empty()) {
    report({"key", "instance"}, "instance and key both choose the instance; leave one of them out");
  }
  auto const& w = r.when;
  bool const asks = w.value.equals || w.value.prefix || w.value.regex || w.value.exists;
  if (asks && w.field.empty()) {
    report({w.value.equals   ? "when.equals"
            : w.value.prefix ? "when.prefix"
            : w.value.regex  ? "when.regex"
                             : "when.exists"},
           "needs the field that it is asked of; write field = \"/topic\" beside it");
  }
  if (auto what = types::contradiction(w.value); !what.empty()) {
    report({w.value.exists == false ? "when.exists" : "when.equals"}, std::move(what));
  }
  if (w.binary == true && !w.field.empty()) report({"when.field"}, "a binary message has no fields; leave binary out");
  if (w.binary == true && !w.text.empty()) report({"when.text"}, "a binary message has no text; leave binary out");
}

}  // namespace

section<url_rule> const& url_rule_section() {
  static section<url_rule> const it{
      .name = "url_rule",
      .form = shape::table,
      .doc = "How a text message names the service it is for.",
      .settings = {
          {"enabled", &url_rule::enabled, flag{}, "Whether messages are routed by their routing key."},
          {"field", &url_rule::field, text{top_level_pointer_fault}, "JSON Pointer to the routing key, at top level."},
          {"pattern", &url_rule::pattern, text{path_fault},
           "What the routing key must match; the capture `{service}` names the service."},
          {"validate", &url_rule::validate,
           choice<validation>{{{"routing", validation::routing},
                               {"structure", validation::structure},
                               {"grammar", validation::grammar}}},
           "How much of a message is checked before it is forwarded."},
          {"lenient", &url_rule::lenient, choice<leniency>{{{"auto", leniency::automatic}, {"off", leniency::off}}},
           "Whether a message whose first key opens with a single quote is read leniently."},
      }};
  return it;
}

section<rule> const& rule_section() {
  static section<rule> const it{
      .name = "rule",
      .form = shape::list,
      .doc =
          "Asked in order where the URL rule has no answer; all conditions of `when` must hold. Without any it is the "
          "default rule. Regexes are RE2's.",
      .settings =
          {
              {"id", &rule::id, text{or_empty<name_fault>}, "Name in logs and metrics; unique. Empty = `rule-N`.",
               R"("topic")"},
              {"when.field", part_of(&rule::when, &condition::field), text{or_empty<pointer_fault>},
               "JSON Pointer into the message; `equals`, `prefix`, `regex` and `exists` beside it are asked of that "
               "member.",
               R"("/topic")"},
              {"when.equals", of_test(&text_test::equals), optional<text>{}, "The field is this text.", R"("audio.x")"},
              {"when.prefix", of_test(&text_test::prefix), optional<text>{}, "The field begins with this text.",
               R"("audio.")"},
              {"when.regex", of_test(&text_test::regex), optional<text>{},
               "The regex is found in the field; its captures `(?P<name>…)` may be used below.",
               R"('^(?P<kind>[a-z]+)\.')"},
              {"when.exists", of_test(&text_test::exists), optional<flag>{}, "Whether the field is there.", "true"},
              {"when.text", part_of(&rule::when, &condition::text), text{},
               "The regex is found in the raw text of the message.", "'\"topic\"'"},
              {"when.binary", part_of(&rule::when, &condition::binary), optional<flag>{},
               "Whether the message is binary.", "false"},
              {"when.path", part_of(&rule::when, &condition::path), text{or_empty<path_fault>},
               "Path of the handshake, as in `ws_paths`.", R"("/ws/audio")"},
              {"when.header", part_of(&rule::when, &condition::headers), named_tests{}, "Headers of the handshake.",
               R"({ name = "X-Kind", equals = "audio" })"},
              {"when.query", part_of(&rule::when, &condition::query), named_tests{},
               "Parameters of the handshake's query.",
               R"([{ name = "kind", prefix = "a" }, { name = "debug", exists = false }])"},
              {"when.cookie", part_of(&rule::when, &condition::cookies), named_tests{}, "Cookies of the handshake.",
               R"({ name = "tenant", regex = '^[a-z]+$' })"},
              {"when.subprotocol", part_of(&rule::when, &condition::subprotocol), text{or_empty<subprotocol_fault>},
               "The subprotocol that was negotiated.", R"("wsgw.v1")"},
              {"when.client", part_of(&rule::when, &condition::client), texts{.check = cidr_fault, .alone = true},
               "Networks, one of which holds the client's address, as CIDR.", R"(["10.0.0.0/8", "::1"])"},
              {"when.user", part_of(&rule::when, &condition::user), optional<test>{}, "The identity of the client.",
               R"({ prefix = "dev-" })"},
              {"service", &rule::service, text{}, "The service; may hold `{captures}`.", R"("example")"},
              {"instance", &rule::instance, text{},
               "The one instance, `host:port`; may hold `{captures}`. Empty = the balancer chooses."},
              {"key", &rule::key, text{},
               "What decides the instance by its hash; may hold `{captures}`. Empty = the balancer chooses.",
               R"("{user}")"},
          },
      .check = check_rule};
  return it;
}

section<route> const& route_section() {
  static section<route> const it{
      .name = "route",
      .form = shape::list,
      .doc = "A plain WebSocket, one client to one upstream, on a path that is none of `ws_paths`.",
      .settings =
          {
              {"id", &route::id, text{or_empty<name_fault>}, "Name in logs and metrics; unique. Empty = `route-N`.",
               R"("chat-direct")"},
              {"on", &route::on, text{route_kind_fault}, "What is routed: `handshake`."},
              {"uri", &route::uri, text{uri_fault}, "Where to: `lb://SERVICE`.", R"("lb://example")"},
              {"predicates", &route::predicates, texts{predicate_fault},
               "All must hold: `Path=/chat/**`, `Host=a.example.com,b.example.com`.", R"(["Path=/chat/**"])"},
              {"order", &route::order, count{0, 1'000'000}, "Smaller is asked first; equal ones as they stand."},
          },
      .check = [](route const& r, complain const& report) {
        if (r.uri.empty()) report({"uri"}, "missing; write uri = \"lb://SERVICE\"");
      }};
  return it;
}

}  // namespace gw::config
