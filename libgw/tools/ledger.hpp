// Messages that prove where they went: a client stamps them; a mock service checks the stamp, writes it down and only
// then answers with it. Used by the mock service and by the instruments of testbed/. Knows nothing of connections.
#pragma once

#include "core/error.hpp"
#include "net/unique_fd.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace gw::tools {

/// Who sent a message, and its place among all that this client sent to this service.
struct ledger_stamp {
  std::string_view run;  // of letters, digits and '-'
  std::uint64_t client = 0;
  std::uint64_t session = 0;  // ordinal of the client's connection, from 1
  std::string_view service;
  std::uint64_t n = 0;  // from 1, one more each time, over all sessions
};

/// What the service says to it: the stamp again, and who took it.
struct ledger_ack {
  std::string_view service;
  std::string_view instance;
  std::uint64_t client = 0;
  std::uint64_t session = 0;
  std::uint64_t n = 0;
};

/// {"method":"/api/v1/SERVICE/ledger","data":{"run":..,"client":..,"session":..,"service":..,"n":..,"pad":..,"crc":..}}
/// with `padding` bytes of pad. crc: CRC-32 of all bytes before that member, as 8 hex digits.
std::string make_stamped(ledger_stamp const& stamp, std::size_t padding);
/// Nothing if the text is not exactly what make_stamped() wrote. The views point into it.
std::optional<ledger_stamp> read_stamped(std::string_view text);

/// {"service":..,"instance":..,"client":..,"session":..,"n":..,"crc":..}, and back.
std::string make_ack(ledger_ack const& ack);
std::optional<ledger_ack> read_ack(std::string_view text);

/// The line for a message that `instance` took on its `connection`, and for one whose stamp does not hold.
std::string ledger_line(ledger_stamp const& stamp, std::string_view instance, std::string_view connection);
std::string bad_ledger_line(std::string_view instance, std::string_view connection);

/// The file of a service. What append() took survives the process: a line stands in it before its message is answered.
class ledger {
 public:
  /// Appends to what is there. errc::io.
  static result<std::shared_ptr<ledger>> open(std::string const& path);

  /// All of `lines`, in one piece as a rule. errc::io: the disk is full, for one.
  result<> append(std::string_view lines);

  /// A name for a connection that no other one has, not even one of another process: "PID-ORDINAL".
  std::string name_connection();

 private:
  explicit ledger(net::unique_fd fd) noexcept : fd_(std::move(fd)) {}

  net::unique_fd fd_;
  std::uint64_t connections_ = 0;
};

}  // namespace gw::tools
