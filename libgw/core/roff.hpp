// Writes manual pages in the man(7) macros of troff. Used by `wsgw man` for the command line and the configuration.
#pragma once

#include <string>
#include <string_view>

namespace gw {

/// A page that grows from its title to its end. Texts are plain; `words` between backticks become bold.
class man_page {
 public:
  /// `name` and `about` make the NAME section that apropos(1) reads; `title`: "WSGW.TOML", `section`: 5.
  man_page(std::string_view title, int section, std::string_view source, std::string_view name, std::string_view about);

  void heading(std::string_view text);     // .SH
  void subheading(std::string_view text);  // .SS
  void paragraph(std::string_view text);
  /// Lines that stay as they are.
  void verbatim(std::string_view text);
  /// A tagged paragraph: `tag` in bold, its `argument` in italics, what is said of it indented.
  void entry(std::string_view tag, std::string_view argument, std::string_view about);

  std::string const& text() const noexcept { return text_; }

 private:
  std::string text_;
};

}  // namespace gw
