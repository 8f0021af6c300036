#include "core/roff.hpp"

#include <fmt/format.h>

namespace gw {
namespace {

/// Nothing of `text` is a request, an escape or a ligature.
std::string escaped(std::string_view text) {
  std::string out;
  for (auto const c : text) {
    bool const begins_line = out.empty() || out.back() == '\n';
    if (begins_line && (c == '.' || c == '\'')) out += "\\&";
    switch (c) {
      case '\\':
        out += "\\e";
        break;
      case '-':
        out += "\\-";
        break;
      case '\'':
        out += "\\(aq";
        break;
      case '^':
        out += "\\(ha";
        break;
      case '~':
        out += "\\(ti";
        break;
      default:
        out += c;
    }
  }
  return out;
}

/// The same, with `words` in bold.
std::string marked(std::string_view text) {
  std::string out;
  bool bold = false;
  for (auto rest = text;;) {
    auto const mark = rest.find('`');
    out += escaped(rest.substr(0, mark));
    if (mark == rest.npos) return out + (bold ? "\\fR" : "");
    bold = !bold;
    out += bold ? "\\fB" : "\\fR";
    rest.remove_prefix(mark + 1);
  }
}

/// An argument of a macro.
std::string argument_of(std::string_view text) {
  std::string out = "\"";
  for (auto const c : escaped(text)) {
    if (c == '"') {
      out += "\\(dq";
    } else {
      out += c;
    }
  }
  return out + "\"";
}

}  // namespace

man_page::man_page(std::string_view title, int section, std::string_view source, std::string_view name,
                   std::string_view about)
    : text_(fmt::format(".TH {} {} \"\" {}\n.SH NAME\n{} \\- {}\n", argument_of(title), section, argument_of(source),
                        escaped(name), escaped(about))) {}

void man_page::heading(std::string_view text) {
  text_ += fmt::format(".SH {}\n", argument_of(text));
}

void man_page::subheading(std::string_view text) {
  text_ += fmt::format(".SS {}\n", argument_of(text));
}

void man_page::paragraph(std::string_view text) {
  text_ += fmt::format(".PP\n{}\n", marked(text));
}

void man_page::verbatim(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  text_ += fmt::format(".PP\n.nf\n.RS 4\n{}\n.RE\n.fi\n", escaped(text));
}

void man_page::entry(std::string_view tag, std::string_view argument, std::string_view about) {
  auto const behind = argument.empty() ? std::string() : fmt::format(" \\fI{}\\fR", escaped(argument));
  text_ += fmt::format(".TP\n\\fB{}\\fR{}\n{}\n", escaped(tag), behind, marked(about));
}

}  // namespace gw
