// A reply with blanks that are filled in from the message and from who answers. Pure; used by the mock service.
#pragma once

#include "tools/envelope.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace gw::tools {

/// `{service}`, `{instance}`, `{n}`, `{path}` (of the handshake) and `{/a/json/pointer}` into the message. Any other
/// brace stands for itself, so JSON is written as it is. Words go in as they stand inside of a JSON string, without
/// quotes; a pointer becomes the JSON value at its place, `null` where there is none.
class reply_template {
 public:
  reply_template() = default;
  explicit reply_template(std::string_view text);

  /// `message`: JSON, or any other text, in which no pointer finds anything.
  std::string fill(answering const& who, std::string_view path, std::string_view message) const;

  std::string const& text() const noexcept { return text_; }
  friend bool operator==(reply_template const& a, reply_template const& b) { return a.text_ == b.text_; }

 private:
  struct part {
    enum class kind { text, service, instance, n, path, pointer } what;
    std::string text;  // of text and pointer
  };

  std::string text_;
  std::vector<part> parts_;
  bool reads_message_ = false;
};

}  // namespace gw::tools
