#include "tools/route_test_run.hpp"

#include "core/snippet.hpp"

#include <fmt/format.h>

#include <utility>

namespace gw::tools {
namespace {

constexpr std::size_t most_complaints = 5;

std::string text_of(message_place at) {
  if (at.line == 0) return {};
  return at.file.empty() ? fmt::format("message {}: ", at.line) : fmt::format("{}:{}: ", at.file, at.line);
}

}  // namespace

route_test_run::route_test_run(route_judge& by, judged_session session, route_test_plan plan, std::string& out)
    : judge_(by), session_(std::move(session)), plan_(std::move(plan)), out_(out), counts_(by) {
  if (plan_.form == report_form::json && plan_.many && !plan_.quiet) out_ += "[\n";
}

void route_test_run::take(std::string_view message, message_place at) {
  auto const v = judge_.judge(message, plan_.binary, session_);
  counts_.add(v);
  route_finding const f{.message = message, .binary = plan_.binary, .seq = counts_.total(), .verdict = v};
  if (!plan_.expect.empty() && plan_.expect != v.word) complain(f, at);
  if (!plan_.quiet) print(f);
}

void route_test_run::print(route_finding const& f) {
  // An explanation is a decision of its own, behind which the views of this one are gone.
  std::string printed;
  auto& to = plan_.explain ? printed : out_;
  if (plan_.form == report_form::text) {
    plan_.many ? add_line(to, judge_, f) : add_paragraph(to, judge_, f);
    if (!plan_.explain) return;
    out_ += printed;
    out_ += judge_.explain(f.message, f.binary, session_);
    if (plan_.many) out_ += '\n';
    return;
  }
  if (plan_.form == report_form::json && plan_.many && f.seq > 1) out_ += ',';
  add_json(to, judge_, f);
  if (!plan_.explain) return;
  printed.resize(printed.size() - 2);  // "}\n"
  printed += ",\"explanation\":";
  add_json_string(printed, judge_.explain(f.message, f.binary, session_));
  out_ += printed + "}\n";
}

void route_test_run::complain(route_finding const& f, message_place at) {
  ++unmet_;
  if (complaints_.size() >= most_complaints) return;
  auto text = fmt::format("{}expected {}, got {}", text_of(at), plan_.expect, f.verdict.word);
  if (f.verdict.what == route_verdict::kind::refused || f.verdict.what == route_verdict::kind::closes) {
    text.append(" (").append(judge_.reason_of(f.verdict)).append(")");
  } else if (auto const* const rule = judge_.rule_of(f.verdict)) {
    text.append(" (by rule '").append(rule->id()).append("')");
  }
  if (plan_.many) text.append("\n    ").append(one_line(f.message, 110));
  complaints_.push_back(std::move(text));
}

std::vector<std::string> route_test_run::complaints() const {
  auto told = complaints_;
  if (unmet_ > told.size())
    told.push_back(fmt::format("and {} more of {} messages", unmet_ - told.size(), counts_.total()));
  return told;
}

void route_test_run::finish() {
  if (plan_.form == report_form::json && plan_.many && !plan_.quiet) out_ += "]\n";
  if (!plan_.quiet) return;
  plan_.form == report_form::text ? counts_.add_text(out_) : counts_.add_json(out_);
}

}  // namespace gw::tools
