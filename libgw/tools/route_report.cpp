#include "tools/route_report.hpp"

#include "config/address.hpp"
#include "core/snippet.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace gw::tools {
namespace {

using kind = route_verdict::kind;

constexpr std::string_view schema = "wsgw.route_test.v1";

bool needs_no_escape(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
}

void add_member(std::string& to, std::string_view name, std::string_view text) {
  to.append(",\"").append(name).append("\":");
  add_json_string(to, text);
}

void add_address(std::string& to, cluster::instance const& i) {
  to.append(config::host_port_text(i.configured.host, i.configured.port));
}

void add_count(std::string& to, std::uint64_t number) {
  fmt::format_int const digits(number);
  to.append(digits.data(), digits.size());
}

void add_captures(std::string& to, route::rule const& rule) {
  to += ",\"captures\":{";
  for (std::size_t i = 0; i < rule.names().size(); ++i) {
    if (i != 0) to += ',';
    add_json_string(to, rule.names()[i]);
    to += ':';
    add_json_string(to, rule.captured()[i]);
  }
  to += '}';
}

void add_instances(std::string& to, route_judge const& by, route_verdict const& v) {
  to += ",\"candidates\":[";
  auto const candidates = by.candidates_of(v);
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (i != 0) to += ',';
    add_json_string(to, candidates[i]);
  }
  to += ']';
  if (v.pick != nullptr)
    add_member(to, "pick", config::host_port_text(v.pick->configured.host, v.pick->configured.port));
  if (!v.made.instance.empty()) add_member(to, "instance", v.made.instance);
  if (!v.made.key.empty()) add_member(to, "key", v.made.key);
}

}  // namespace

void add_json_string(std::string& to, std::string_view text) {
  if (needs_no_escape(text)) {
    to.append("\"").append(text).append("\"");
    return;
  }
  to += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string route_counts::summary() const {
  std::string text = fmt::format("{} {}", total_, total_ == 1 ? "message" : "messages");
  char const* between = ": ";
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] == 0) continue;
    fmt::format_to(std::back_inserter(text), "{}{} {}", between, words_[i], counts_[i]);
    between = ", ";
  }
  return text;
}

void route_counts::add_text(std::string& to) const {
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] != 0) fmt::format_to(std::back_inserter(to), "{:>8} {}\n", counts_[i], words_[i]);
  }
}

void route_counts::add_json(std::string& to) const {
  fmt::format_to(std::back_inserter(to), R"({{"schema":"wsgw.route_test_summary.v1","messages":{},"verdicts":{{)",
                 total_);
  bool first = true;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] == 0) continue;
    if (!std::exchange(first, false)) to += ',';
    add_json_string(to, words_[i]);
    to += ':';
    add_count(to, counts_[i]);
  }
  to += "}}\n";
}

void add_line(std::string& to, route_judge& by, route_finding const& f) {
  auto const& v = f.verdict;
  add_count(to, f.seq);
  to.append("  ").append(v.word);
  if (v.what == kind::refused || v.what == kind::closes) to.append("  ").append(by.reason_of(v));
  if (auto const* const rule = by.rule_of(v)) to.append("  rule ").append(rule->id());
  if (v.pick != nullptr) {
    to += "  -> ";
    add_address(to, *v.pick);
  }
  to += '\n';
}

void add_paragraph(std::string& to, route_judge& by, route_finding const& f) {
  auto const& v = f.verdict;
  auto const put = [&to](std::string_view name, std::string_view text) {
    fmt::format_to(std::back_inserter(to), "  {:<9} {}\n", name, text);
  };
  to.append(v.word);
  if (v.what == kind::refused || v.what == kind::closes) to.append("  ").append(by.reason_of(v));
  to += '\n';
  if (auto const* const rule = by.rule_of(v)) {
    put("rule", rule->id());
    for (std::size_t i = 0; i < rule->names().size(); ++i) {
      put(i == 0 ? "captures" : "", fmt::format("{} = {}", rule->names()[i], one_line(rule->captured()[i])));
    }
  }
  if (!v.made.key.empty()) put("key", one_line(v.made.key));
  if (v.what == kind::routed) {
    put("instances", fmt::format("{}", fmt::join(by.candidates_of(v), ", ")));
    if (v.pick != nullptr) put("pick", config::host_port_text(v.pick->configured.host, v.pick->configured.port));
  }
  if (auto const answer = by.answer_to(v, f.message, f.seq); !answer.empty()) put("answer", answer);
}

void add_json(std::string& to, route_judge& by, route_finding const& f) {
  auto const& v = f.verdict;
  to.append("{\"schema\":\"").append(schema).append("\",\"seq\":");
  add_count(to, f.seq);
  to.append(",\"routed\":").append(v.what == kind::routed ? "true" : "false");
  if (v.what == kind::closes) {
    to.append(",\"close_code\":").append(v.word);
    add_member(to, "reason", v.because.why);
  } else {
    add_member(to, v.what == kind::refused ? "code" : "service", v.word);
  }
  if (auto const* const rule = by.rule_of(v)) {
    add_member(to, "rule", rule->id());
    add_captures(to, *rule);
  } else if (v.what == kind::routed) {
    add_member(to, "rule", url_rule_name);
  }
  if (v.what == kind::routed) add_instances(to, by, v);
  if (auto const answer = by.answer_to(v, f.message, f.seq); !answer.empty()) to.append(",\"frame\":").append(answer);
  to += "}\n";
}

}  // namespace gw::tools
