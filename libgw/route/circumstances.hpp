// What a rule may ask about the session that a message came by: facts of its handshake and of its client.
// Built once per session from the judged handshake, kept by the session, read by the conditions of rules.
#pragma once

#include "config/address.hpp"
#include "wire/strict_head.hpp"
#include "wire/target.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gw::route {

/// What the rules of a table ask for. Nothing else of a handshake is kept.
struct questions {
  bool path = false;
  bool subprotocol = false;
  bool client = false;
  bool user = false;
  std::vector<std::string> headers = {};
  std::vector<std::string> query = {};
  std::vector<std::string> cookies = {};

  bool any() const noexcept {
    return path || subprotocol || client || user || !headers.empty() || !query.empty() || !cookies.empty();
  }
};

/// A handshake as the connection judged it. Views, needed during circumstances_of() only.
struct handshake {
  wire::request_head const& head;
  wire::split_target const& target;
  std::string_view subprotocol = {};          // that was negotiated; empty = none
  std::string_view client = {};               // its IP address; anything else is no address
  std::optional<std::string_view> user = {};  // who the client has shown to be
};

/// A session without any: what no rule asks for is empty.
struct circumstances {
  struct item {
    std::string name;
    std::string value;
  };

  std::string path = {};  // decoded once and normalised
  std::string subprotocol = {};
  std::optional<config::ip_bytes> client = {};
  std::optional<std::string> user = {};
  std::vector<item> headers = {};  // by the names that rules ask for; only those that are there
  std::vector<item> query = {};
  std::vector<item> cookies = {};
  bool control = false;  // the session negotiated wsgw.v1: its `$gw/...` messages are for the gateway
};

/// Keeps what is asked for. A header that stands there several times is one list, joined by ", " (RFC 9110 section
/// 5.3). Query parameters are percent-decoded, `+` is a blank, a bad escape stands for itself. Of several parameters or
/// cookies of one name the first counts.
circumstances circumstances_of(questions const& asked, handshake const& from);

/// The same for as long as a session lives: those of whom nothing is asked share one.
using circumstances_ptr = std::shared_ptr<circumstances const>;
circumstances_ptr shared_circumstances_of(questions const& asked, handshake const& from);
/// Of a session of whom nothing is asked.
circumstances_ptr unasked(bool control);

/// The value of the item called exactly `name`, if it is there.
std::optional<std::string_view> value_of(std::vector<circumstances::item> const& items, std::string_view name);

}  // namespace gw::route
