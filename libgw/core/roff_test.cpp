#include "core/roff.hpp"

#include "testing/catch.hpp"

using gw::man_page;

TEST_CASE("a manual page begins with its title and with what apropos reads") {
  man_page const page("WSGW.TOML", 5, "wsgw 1.0", "wsgw.toml", "a file");
  CHECK(page.text() == ".TH \"WSGW.TOML\" 5 \"\" \"wsgw 1.0\"\n.SH NAME\nwsgw.toml \\- a file\n");
}

TEST_CASE("nothing of a text is taken for a request of troff") {
  auto const check = [](std::string_view text, std::string_view expected) {
    man_page page("A", 1, "", "a", "b");
    auto const before = page.text().size();
    page.paragraph(text);
    CHECK(page.text().substr(before) == ".PP\n" + std::string(expected) + "\n");
  };
  check("plain", "plain");
  check(".de x", "\\&.de x");
  check("'x", "\\&\\(aqx");
  check("a\n.b", "a\n\\&.b");
  check("a\\fBb", "a\\efBb");
  check("--check ^~", "\\-\\-check \\(ha\\(ti");
  check("say `--x` to `.y`", "say \\fB\\-\\-x\\fR to \\fB\\&.y\\fR");
  check("never `closed", "never \\fBclosed\\fR");
}

TEST_CASE("a manual page has headings, entries and lines that stay as they are") {
  man_page page("A", 1, "", "a", "b");
  auto const before = page.text().size();
  page.heading("THE \"A\"");
  page.subheading("[a]");
  page.entry("-o", "text|json", "The form.");
  page.entry("x", "", "y");
  page.verbatim(".a\n  b\n");
  CHECK(page.text().substr(before) ==
        ".SH \"THE \\(dqA\\(dq\"\n.SS \"[a]\"\n"
        ".TP\n\\fB\\-o\\fR \\fItext|json\\fR\nThe form.\n.TP\n\\fBx\\fR\ny\n"
        ".PP\n.nf\n.RS 4\n\\&.a\n  b\n.RE\n.fi\n");
}
