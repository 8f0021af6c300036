// What is wrong with a small text of its own language: a pattern, a regex, a template.
#pragma once

#include <cstddef>
#include <string>

namespace gw {

struct text_fault {
  std::size_t at = 0;  // byte of the text
  std::string text;    // what is wrong, and how to write it
};

}  // namespace gw
