// The judgement of a raw HTTP/1.1 head, of a request or a response, before any other parser sees a byte of it.
// Used by net/ and gateway/ in both directions. Sans-I/O: knows no sockets, routes or configuration.
#pragma once

#include <boost/system/result.hpp>

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace gw::wire {

struct header_field {
  std::string_view name;
  std::string_view value;  // without the spaces and tabs around it
};

/// Why a head is refused. Both parts may be shown to the peer.
struct head_fault {
  int status = 400;      // the HTTP status to answer with
  std::string_view why;  // a sentence; static text
};

/// Called by result::value() on a fault: a bug, since callers must look first.
[[noreturn]] inline void throw_exception_from_error(head_fault const& fault, boost::source_location const&) {
  throw std::logic_error("unchecked head fault: " + std::string(fault.why));
}

template <class T = void>
using judged = boost::system::result<T, head_fault>;

/// The fields in their order. All views, here and in the heads below, point into the raw bytes that were judged.
struct head_fields {
  std::vector<header_field> fields;

  /// The value of the first field called `name` (in any case); empty if there is none.
  std::string_view get(std::string_view name) const noexcept;
  std::size_t count(std::string_view name) const noexcept;
  /// All fields called `name` read as one comma list: is `token` (in any case) an element?
  bool has_token(std::string_view name, std::string_view token) const noexcept;
  /// Of an accepted head: is there a Transfer-Encoding, or a Content-Length other than 0?
  bool announces_body() const noexcept;
};

struct request_head : head_fields {
  std::string_view method;
  std::string_view target;  // origin-form: begins with one slash, printable ASCII, no fragment
  int minor = 1;            // of the version: HTTP/1.0 or HTTP/1.1
};

struct response_head : head_fields {
  int status = 0;  // 100 to 599
  std::string_view reason;
  int minor = 1;
};

/// Judges a request head; `raw` is everything up to and including the first CRLFCRLF. Stricter than RFC 9112, because
/// a lenient reading here and another one behind us is what request smuggling is made of. An accepted head has:
/// a target in origin-form in a line of at most 8 KiB (else 414); version 1.0 or 1.1 (else 505); at most 100 fields
/// (else 431) with token names and no control characters; one valid Host (1.0: at most one); at most one
/// Content-Length, of 1 to 19 digits; at most one Transfer-Encoding, `chunked`, with neither Content-Length nor 1.0
/// (an unknown coding: 501); Connection a list of at most 32 tokens. Everything else is 400. The size of the whole is
/// bounded by who reads it: see head_too_big().
judged<request_head> judge_request(std::string_view raw);

/// Judges a response head just as strictly. Every fault is a 502: the upstream's, told to the client.
judged<response_head> judge_response(std::string_view raw);

/// The size of the head at the front of `bytes`, CRLFCRLF included, or 0 if its end is not there yet. `from` says how
/// many bytes earlier calls have seen, so that all calls together look at each byte once.
std::size_t find_head_end(std::string_view bytes, std::size_t from) noexcept;

/// How to refuse a request of which `bytes` were read, as many as the configuration allows, without finding its end:
/// 414 if already its first line is too long, else 431.
head_fault head_too_big(std::string_view bytes) noexcept;

}  // namespace gw::wire
