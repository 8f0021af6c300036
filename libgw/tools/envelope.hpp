// What the mock service answers: an envelope that shows which instance took a message, around the request's own words.
// Pure text; used by the mock service only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gw::tools {

/// Members of a JSON object as they stand in the text, quotes included; empty if absent. Of two of one name: the last.
struct request_members {
  std::string_view method;
  std::string_view data;
  std::string_view id;
};

/// Reads the top level of `text`, a JSON object that is valid; names are compared as they are written.
request_members members_of(std::string_view text);

/// Who answers.
struct answering {
  std::string_view service;
  std::string_view instance;
  std::uint64_t n = 0;  // ordinal of the message on its connection, from 1
};

/// {"service","instance","n","method","data"[,"id"]}: the members as they came, byte for byte, null where absent. A
/// text that is not JSON becomes the string `data`; JSON that is not an object becomes `data` as it came.
std::string make_envelope(answering const& who, std::string_view text);

/// {"service","instance","n","error"[,"id"]}, the id as it came.
std::string make_failure(answering const& who, std::string_view text);

/// {"service","instance","push","sent_us"}, the last by the wall clock.
std::string make_push(answering const& who);

/// {"service","instance","n","pad"}, of exactly `size` bytes unless that is too few for an empty pad.
std::string make_padded(answering const& who, std::size_t size);

}  // namespace gw::tools
