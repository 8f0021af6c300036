#include "config/text_checks.hpp"

#include "config/address.hpp"
#include "core/did_you_mean.hpp"
#include "core/json_pointer.hpp"

#include <fmt/format.h>
#include <boost/url/parse.hpp>

#include <algorithm>
#include <array>

namespace gw::config {
namespace {

constexpr auto predicate_names = std::to_array<std::string_view>({"Path", "Host"});

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

bool is_token(std::string_view text) {  // RFC 9110 section 5.6.2
  constexpr std::string_view others = "()<>@,;:\\\"/[]?={}";
  return !text.empty() && is_printable(text) && text.find_first_of(others) == text.npos;
}

}  // namespace

std::string bind_fault(std::string_view text) {
  auto const parsed = parse_bind(text);
  return parsed ? std::string() : parsed.error().context;
}

std::string path_fault(std::string_view text) {
  if (!text.starts_with('/')) return fmt::format("'{}' must begin with '/'", text);
  return is_printable(text) ? "" : "must not contain spaces, control or non-ASCII characters";
}

std::string pointer_fault(std::string_view text) {
  if (!text.starts_with('/')) return fmt::format("'{}' must be a JSON Pointer; write \"/topic\"", text);
  auto const fault = json_pointer_fault(text);
  return fault.empty() ? "" : fmt::format("'{}': {}", text, fault);
}

std::string top_level_pointer_fault(std::string_view text) {
  bool const top_level = text.size() > 1 && text.front() == '/' && text.find('/', 1) == text.npos;
  return top_level ? "" : fmt::format("'{}' must be a JSON Pointer to a member at top level; write \"/method\"", text);
}

std::string name_fault(std::string_view text) {
  return !text.empty() && is_printable(text) ? "" : "must be a word without spaces";
}

std::string label_fault(std::string_view text) {
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  bool const good = !text.empty() && text.size() <= 63 && text.find_first_not_of(plain) == text.npos;
  return good ? "" : "such a name has letters, digits, '_' and '-' only, 1 to 63 of them";
}

std::string url_fault(std::string_view text) {
  auto const parsed = boost::urls::parse_absolute_uri(text);
  bool const good = parsed && (parsed->scheme() == "http" || parsed->scheme() == "https") && !parsed->host().empty() &&
                    !parsed->has_query() && !parsed->has_fragment() &&
                    (!parsed->has_port() || parsed->port_number() != 0);
  return good ? "" : fmt::format("'{}' is not a base URL; write \"http://host:8761/eureka\"", text);
}

std::string network_endpoint_fault(std::string_view text) {
  auto const parsed = parse_host_port(text);
  return parsed ? std::string() : parsed.error().context;
}

std::string domain_template_fault(std::string_view text) {
  if (text.find("{service}") == text.npos) {
    return fmt::format("'{}' has no {{service}}; write \"{{service}}.default.svc.cluster.local\"", text);
  }
  return is_printable(text) ? "" : "must not contain spaces, control or non-ASCII characters";
}

std::string host_fault(std::string_view text) {
  bool const bare = is_printable(text) && text.find('/') == text.npos;
  return bare ? "" : fmt::format("'{}' must be a host name; write \"example.com\"", text);
}

std::string required_host_fault(std::string_view text) {
  return text.empty() ? "must not be empty; write \"example.com\"" : host_fault(text);
}

std::string origin_fault(std::string_view text) {
  if (text == "*") return {};
  auto const scheme_end = text.find("://");
  bool const complete = is_printable(text) && scheme_end != text.npos && scheme_end > 0 &&
                        scheme_end + 3 < text.size() && text.find('/', scheme_end + 3) == text.npos;
  return complete ? "" : fmt::format("'{}' is not an origin; write \"https://app.example.com\" or \"*\"", text);
}

std::string subprotocol_fault(std::string_view text) {
  return is_token(text) ? "" : fmt::format("'{}' is not a subprotocol; it is a token of RFC 9110", text);
}

std::string header_fault(std::string_view text) {
  auto const name = text.starts_with('!') ? text.substr(1) : text;
  return is_token(name) ? "" : fmt::format("'{}' is not a header; write \"*\", \"name\" or \"!name\"", text);
}

std::string access_fault(std::string_view text) {
  return text.empty() ? "write \"stdout\", \"off\" or a file" : "";
}

std::string cidr_fault(std::string_view text) {
  auto const parsed = parse_cidr(text);
  return parsed ? std::string() : parsed.error().context;
}

std::string tls_version_fault(std::string_view text) {
  return text == "1.2" || text == "1.3" ? "" : fmt::format("unknown value '{}'; write one of 1.2, 1.3", text);
}

std::string route_kind_fault(std::string_view text) {
  if (text == "handshake") return {};
  if (text == "http" || text == "message") return "http and message routes are not supported yet; write \"handshake\"";
  return fmt::format("unknown value '{}'; write \"handshake\"", text);
}

std::string cookie_name_fault(std::string_view text) {
  return is_token(text) ? "" : fmt::format("'{}' is no name of a cookie", text);
}

std::string hash_on_fault(std::string_view text) {
  if (text == "client") return {};
  auto const colon = text.find(':');
  auto const kind = text.substr(0, colon);
  bool const named = colon != text.npos && colon + 1 < text.size();
  if ((kind == "header" || kind == "cookie") && named) {
    auto const name = text.substr(colon + 1);
    return is_token(name) ? "" : fmt::format("'{}' is no name of a {}", name, kind);
  }
  if (kind == "query" && named) return {};
  return fmt::format("unknown value '{}'; write \"client\", \"header:NAME\", \"cookie:NAME\" or \"query:NAME\"", text);
}

std::string uri_fault(std::string_view text) {
  auto const service = service_of_uri(text);
  if (!service) return fmt::format("'{}' names no service; write \"lb://SERVICE\"", text);
  return service_name_fault(*service);
}

std::string predicate_fault(std::string_view text) {
  auto const equals = text.find('=');
  if (equals == text.npos) return fmt::format("'{}' has no '='; write \"Path=/chat/**\"", text);
  auto const name = text.substr(0, equals);
  if (std::find(predicate_names.begin(), predicate_names.end(), name) == predicate_names.end()) {
    return fmt::format("unknown predicate '{}'{}", name, guess_or_list(name, predicate_names, "write one of"));
  }
  for (auto at = equals + 1; at <= text.size();) {
    auto const end = std::min(text.find(',', at), text.size());
    auto const value = text.substr(at, end - at);
    auto what = name == "Path" ? path_fault(value) : required_host_fault(value);
    if (!what.empty()) return what;
    at = end + 1;
  }
  return {};
}

}  // namespace gw::config
