// What a text of a setting must look like. Each says why the text will not do, or nothing. Used by the describe files.
#pragma once

#include <string>
#include <string_view>

namespace gw::config {

std::string bind_fault(std::string_view text);
std::string path_fault(std::string_view text);
std::string pointer_fault(std::string_view text);            // a JSON Pointer of any depth
std::string top_level_pointer_fault(std::string_view text);  // of one step
std::string name_fault(std::string_view text);
std::string label_fault(std::string_view text);             // of a name that stands in metrics, logs and URLs
std::string url_fault(std::string_view text);               // http:// or https://
std::string network_endpoint_fault(std::string_view text);  // host:port
std::string domain_template_fault(std::string_view text);   // with {service}
std::string host_fault(std::string_view text);
std::string required_host_fault(std::string_view text);
std::string origin_fault(std::string_view text);
std::string subprotocol_fault(std::string_view text);
std::string header_fault(std::string_view text);
std::string access_fault(std::string_view text);
std::string cidr_fault(std::string_view text);
std::string tls_version_fault(std::string_view text);
std::string route_kind_fault(std::string_view text);
std::string cookie_name_fault(std::string_view text);
std::string hash_on_fault(std::string_view text);
std::string uri_fault(std::string_view text);        // of a route
std::string predicate_fault(std::string_view text);  // of a route

/// The same, and empty will do.
template <std::string (*Check)(std::string_view)>
std::string or_empty(std::string_view text) {
  return text.empty() ? std::string() : Check(text);
}

}  // namespace gw::config
