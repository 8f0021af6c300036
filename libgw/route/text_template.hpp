// Texts with {captures} in them: the service, instance and key of a rule. Compiled once. Used by rules.
#pragma once

#include "route/pattern.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace gw::route {

class text_template {
 public:
  /// The longest text that a template may yield, in bytes.
  static constexpr std::size_t max_size = 1024;

  /// `{name}` stands for the capture of that place in `names`; `{user}`, unless captured, for the client's identity.
  static std::variant<text_template, text_fault> compile(std::string_view source, std::span<std::string const> names);

  bool is_constant() const noexcept { return pieces_.empty(); }
  bool asks_user() const noexcept;

  enum class outcome : std::uint8_t { made, empty, too_long, no_user };
  struct rendered {
    outcome how = outcome::made;
    std::string_view text = {};  // points into the template or into `space`
  };

  /// `captured` are the texts of the names given to compile().
  rendered render(std::span<std::string_view const> captured, std::optional<std::string> const& user,
                  std::string& space) const;

  std::string const& source() const noexcept { return source_; }

 private:
  static constexpr std::size_t the_user = static_cast<std::size_t>(-1);
  struct piece {
    std::string literal;    // before the capture
    std::size_t place = 0;  // of the capture
  };

  std::string source_;
  std::vector<piece> pieces_;
  std::string tail_;  // behind the last capture
};

}  // namespace gw::route
