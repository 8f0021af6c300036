// Reads the members that rules ask about out of a JSON message, in one pass, without building a tree.
// Used by the conditions on fields, for messages that the URL rule has no answer to. Knows nothing of rules.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gw::route {

/// What a JSON Pointer leads to in a message.
struct field {
  enum class kind : std::uint8_t {
    absent,
    scalar,  // `text`: a string decoded, a number or word as it stands there
    nested,  // an object or an array
    twice,   // it, or what it lies in, stands there twice: nobody can say which one an upstream reads
  };
  kind what = kind::absent;
  std::string_view text = {};
};

/// Why `pointer` is not a JSON Pointer (RFC 6901) that may lead into a message; empty if it is one.
std::string_view pointer_fault(std::string_view pointer);

/// One per worker. Takes pointers first, then message after message.
class json_fields {
 public:
  /// The number of the field that `pointer`, without a fault, leads to; the same for the same pointer.
  std::size_t add(std::string_view pointer);

  /// Reads a whole message, valid UTF-8. False: it is no JSON object of RFC 8259, 64 levels deep at most, or (lenient)
  /// one with single quotes and bare names, as the URL rule takes it. Time is linear in the text, memory is that of the
  /// fields' escaped strings.
  bool read(std::string_view text, bool lenient);

  /// After read() gave true. Valid until the next one and until the text changes.
  field const& operator[](std::size_t number) const noexcept { return found_[number]; }

 private:
  struct reader;
  /// A part of a pointer. Those that begin alike share their nodes.
  struct node {
    std::size_t parent = 0;
    std::string name = {};                  // decoded
    std::optional<std::size_t> index = {};  // the element of an array that the name stands for
    std::vector<std::size_t> children = {};
    std::optional<std::size_t> field = {};
    bool seen = false;
    bool twice = false;
  };

  std::vector<node> nodes_{1};  // the root first
  std::vector<std::size_t> leaf_of_;
  std::vector<field> found_;
  std::vector<std::string> decoded_;  // strings of found_ that held escapes
  std::string name_;                  // a name that held escapes
};

}  // namespace gw::route
