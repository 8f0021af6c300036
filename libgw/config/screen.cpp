#include "config/screen.hpp"

#include <algorithm>
#include <array>

namespace gw::config {
namespace {

constexpr unsigned most_dots = 16;

class screen {
 public:
  explicit screen(std::string_view text) : rest_(text) {}

  std::optional<fault> run() {
    if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);  // a byte order mark
    while (!rest_.empty()) {
      auto const c = rest_.front();
      if (is_forbidden(c)) return fault{at_, "a control character"};
      if (c == '\n') {
        end_line();
      } else if (!closing_.empty()) {
        inside_string(c);
      } else if (comment_) {
        skip(1);
      } else if (static_cast<unsigned char>(c) >= 0x80) {
        return fault{at_, "non-ASCII characters may stand in strings and comments only"};
      } else {
        if (c == '.' && ++dots_ > most_dots) return fault{at_, "a line has too many dots outside strings"};
        outside_string(c);
      }
    }
    return std::nullopt;
  }

 private:
  static bool is_forbidden(char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f;
  }

  void end_line() {
    rest_.remove_prefix(1);
    at_ = {.line = at_.line + 1, .column = 1};
    dots_ = 0;
    comment_ = false;
    if (closing_.size() == 1) closing_ = {};
  }

  void outside_string(char c) {
    comment_ = c == '#';
    constexpr std::array<std::string_view, 4> quotes = {R"(""")", "'''", R"(")", "'"};
    auto const quote = std::find_if(quotes.begin(), quotes.end(), [this](auto q) { return rest_.starts_with(q); });
    if (quote != quotes.end()) closing_ = *quote;
    skip(quote != quotes.end() ? quote->size() : 1);
  }

  void inside_string(char c) {
    if (!rest_.starts_with(closing_)) return skip(c == '\\' && closing_.front() == '"' && is_escape() ? 2 : 1);
    bool const multi_line = closing_.size() == 3;
    skip(closing_.size());
    // A string of several lines may end with one or two quotes of its own.
    for (int own = 0; multi_line && own < 2 && rest_.starts_with(closing_.front()); ++own) skip(1);
    closing_ = {};
  }

  bool is_escape() const { return rest_.size() > 1 && (rest_[1] == '"' || rest_[1] == '\\'); }

  void skip(std::size_t bytes) {
    for (; bytes > 0; --bytes) {
      rest_.remove_prefix(1);
      bool const inside_code_point = !rest_.empty() && (static_cast<unsigned char>(rest_.front()) & 0xc0) == 0x80;
      if (!inside_code_point) ++at_.column;
    }
  }

  std::string_view rest_;
  position at_{.line = 1, .column = 1};
  std::string_view closing_ = {};  // what ends the string we are in
  bool comment_ = false;
  unsigned dots_ = 0;
};

}  // namespace

std::optional<fault> screen_toml(std::string_view text) {
  return screen(text).run();
}

}  // namespace gw::config
