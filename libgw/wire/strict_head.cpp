#include "wire/strict_head.hpp"

#include "wire/strict_head_lexis.hpp"

#include <algorithm>
#include <optional>

namespace gw::wire {
namespace {

constexpr std::size_t max_request_line = 8 * 1024;
constexpr std::size_t max_fields = 100;
constexpr std::size_t usual_fields = 16;
constexpr std::size_t max_connection_options = 32;
constexpr std::size_t max_length_digits = 19;  // below 2^64 whatever they are

constexpr head_fault line_too_long{414, "the request line is longer than 8 KiB"};

constexpr head_fault bad(std::string_view why) noexcept {
  return {400, why};
}

/// Cuts the first line, which ends in CRLF, off `rest`.
std::string_view take_line(std::string_view& rest) noexcept {
  auto const size = rest.find("\r\n");
  auto const line = rest.substr(0, size);
  rest.remove_prefix(size + 2);
  return line;
}

bool is_version(std::string_view text) noexcept {
  return text.size() == 8 && text.starts_with("HTTP/") && is_digits(text.substr(5, 1)) && text[6] == '.' &&
         is_digits(text.substr(7, 1));
}

judged<> read_version(std::string_view text, int& minor) noexcept {
  if (!is_version(text)) return bad("the HTTP version is malformed");
  minor = text.back() - '0';
  if (text != "HTTP/1.1" && text != "HTTP/1.0") return head_fault{505, "only HTTP/1.1 and HTTP/1.0 are spoken here"};
  return {};
}

judged<> read_request_line(std::string_view line, request_head& head) noexcept {
  if (line.size() > max_request_line) return line_too_long;
  auto const first_space = line.find(' ');
  auto const last_space = line.rfind(' ');
  if (first_space == std::string_view::npos || first_space == last_space) {
    return bad("the request line is not a method, a target and a version");
  }
  head.method = line.substr(0, first_space);
  head.target = line.substr(first_space + 1, last_space - first_space - 1);
  if (!is_token(head.method)) return bad("the method is not a token");
  if (!is_origin_form(head.target)) {
    return bad("the request target is not one slash and printable ASCII without a space or a fragment");
  }
  return read_version(line.substr(last_space + 1), head.minor);
}

judged<> read_status_line(std::string_view line, response_head& head) noexcept {
  // "HTTP/1.1 200 OK": the space behind the status is there even if the reason is empty (RFC 9112 section 4).
  if (line.size() < 13 || line[8] != ' ' || line[12] != ' ' || !is_digits(line.substr(9, 3))) {
    return bad("the status line is not a version, a status and a reason");
  }
  if (auto version = read_version(line.substr(0, 8), head.minor); !version) return version;
  head.status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
  if (head.status < 100 || head.status > 599) return bad("the status is not between 100 and 599");
  head.reason = line.substr(13);
  if (!is_field_value(head.reason)) return bad("the reason has a control character");
  return {};
}

/// `rest`: the lines of the fields and the empty line that ends them.
judged<> read_fields(std::string_view rest, std::vector<header_field>& fields) {
  fields.reserve(usual_fields);
  for (auto line = take_line(rest); !line.empty(); line = take_line(rest)) {
    if (fields.size() == max_fields) return head_fault{431, "there are more than 100 header fields"};
    if (line.front() == ' ' || line.front() == '\t') return bad("a header field is folded over several lines");
    auto const colon = line.find(':');
    if (colon == std::string_view::npos) return bad("a header line has no colon");
    auto const name = line.substr(0, colon);
    auto const value = line.substr(colon + 1);
    if (!is_token(name)) return bad("a header name is empty, or has a space or another illegal character");
    if (!is_field_value(value)) return bad("a header value has a control character");
    fields.push_back({name, trim(value)});
  }
  return {};
}

/// The only codings that pass are none and exactly `chunked`, and the only space around it is one in front: what else
/// two parsers might make of the field is not our question to answer.
judged<> judge_transfer_encoding(head_fields const& head, int minor) noexcept {
  auto const fields = head.count("transfer-encoding");
  if (fields == 0) return {};
  if (minor == 0) return bad("Transfer-Encoding is not part of HTTP/1.0");
  if (head.count("content-length") != 0) return bad("Transfer-Encoding and Content-Length exclude each other");
  if (fields > 1) return bad("there is more than one Transfer-Encoding");
  auto const value = head.get("transfer-encoding");
  if (!same_name(value, "chunked")) {
    if (is_token(value)) return head_fault{501, "the only transfer coding known here is chunked"};
    return bad("Transfer-Encoding is not exactly 'chunked'");
  }
  // Every accepted line is "name:" OWS value OWS CRLF, so the bytes around the value are those of its line.
  char const* const before = value.data() - 1;
  bool const plain_front = *before == ':' || (*before == ' ' && before[-1] == ':');
  if (!plain_front || value.data()[value.size()] != '\r') {
    return bad("Transfer-Encoding has unusual white space around 'chunked'");
  }
  return {};
}

judged<> judge_framing(head_fields const& head, int minor) noexcept {
  auto const coding = judge_transfer_encoding(head, minor);
  if (!coding) return coding;
  auto const lengths = head.count("content-length");
  if (lengths > 1) return bad("there is more than one Content-Length");
  if (lengths == 1) {
    auto const value = head.get("content-length");
    if (!is_digits(value) || value.size() > max_length_digits) return bad("Content-Length is not a plain number");
  }
  return {};
}

/// Connection is read once per field that is forwarded: its length is bounded so that the product is.
judged<> judge_connection(head_fields const& head) noexcept {
  std::size_t options = 0;
  for (auto const& [name, value] : head.fields) {
    if (!same_name(name, "connection") && !same_name(name, "proxy-connection")) continue;
    auto rest = value;
    while (auto const option = next_element(rest)) {
      if (++options > max_connection_options) return bad("Connection has more than 32 options");
      if (!option->empty() && !is_token(*option)) return bad("Connection is not a list of tokens");
    }
  }
  return {};
}

judged<> judge_host(request_head const& head) {
  auto const hosts = head.count("host");
  if (hosts > 1) return bad("there is more than one Host");
  if (hosts == 0) {
    if (head.minor == 0) return {};
    return bad("there is no Host");
  }
  if (!parse_authority(head.get("host"))) return bad("Host is not a host name or address with an optional port");
  return {};
}

/// RFC 9112 section 6: neither kind of answer has a body, so an announced one is a trap. A length of 0 is harmless.
judged<> judge_bodiless(response_head const& head) noexcept {
  if (head.status >= 200 && head.status != 204) return {};
  if (head.announces_body()) return bad("an answer that cannot have a body announces one");
  return {};
}

judged<> read_request(std::string_view raw, request_head& head) {
  if (find_head_end(raw, 0) != raw.size() || raw.empty()) return bad("the head does not end with its empty line");
  auto rest = raw;
  if (auto line = read_request_line(take_line(rest), head); !line) return line;
  if (auto fields = read_fields(rest, head.fields); !fields) return fields;
  if (auto host = judge_host(head); !host) return host;
  if (auto framing = judge_framing(head, head.minor); !framing) return framing;
  return judge_connection(head);
}

judged<> read_response(std::string_view raw, response_head& head) {
  if (find_head_end(raw, 0) != raw.size() || raw.empty()) return bad("the head does not end with its empty line");
  auto rest = raw;
  if (auto line = read_status_line(take_line(rest), head); !line) return line;
  if (auto fields = read_fields(rest, head.fields); !fields) return fields;
  if (auto framing = judge_framing(head, head.minor); !framing) return framing;
  if (auto body = judge_bodiless(head); !body) return body;
  return judge_connection(head);
}

}  // namespace

std::string_view head_fields::get(std::string_view name) const noexcept {
  auto const found =
      std::find_if(fields.begin(), fields.end(), [name](auto const& field) { return same_name(field.name, name); });
  return found == fields.end() ? std::string_view() : found->value;
}

std::size_t head_fields::count(std::string_view name) const noexcept {
  return static_cast<std::size_t>(
      std::count_if(fields.begin(), fields.end(), [name](auto const& field) { return same_name(field.name, name); }));
}

bool head_fields::has_token(std::string_view name, std::string_view token) const noexcept {
  for (auto const& field : fields) {
    if (!same_name(field.name, name)) continue;
    auto rest = field.value;
    while (auto const element = next_element(rest)) {
      if (same_name(*element, token)) return true;
    }
  }
  return false;
}

bool head_fields::announces_body() const noexcept {
  return count("transfer-encoding") != 0 || get("content-length").find_first_not_of('0') != std::string_view::npos;
}

judged<request_head> judge_request(std::string_view raw) {
  request_head head;
  if (auto const verdict = read_request(raw, head); !verdict) return verdict.error();
  return head;
}

judged<response_head> judge_response(std::string_view raw) {
  response_head head;
  if (auto const verdict = read_response(raw, head); !verdict) return head_fault{502, verdict.error().why};
  return head;
}

std::size_t find_head_end(std::string_view bytes, std::size_t from) noexcept {
  constexpr std::string_view end = "\r\n\r\n";
  // The three bytes before `from` may be the beginning of the end.
  std::size_t at = from < 3 ? 0 : from - 3;
  while (at + end.size() <= bytes.size()) {
    // The last of four bytes says how far the next candidate is: a flood of CR or LF costs no more than text does.
    char const last = bytes[at + 3];
    if (last == '\n') {
      if (bytes.substr(at, end.size()) == end) return at + end.size();
      at += 2;
    } else {
      at += last == '\r' ? 1 : 4;
    }
  }
  return 0;
}

head_fault head_too_big(std::string_view bytes) noexcept {
  if (bytes.substr(0, max_request_line + 2).find("\r\n") == std::string_view::npos && bytes.size() > max_request_line) {
    return line_too_long;
  }
  return {431, "the header fields are too large"};
}

}  // namespace gw::wire
