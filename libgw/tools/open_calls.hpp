// The calls of a client whose answers have not come, so that it knows when to leave. Used by tools/client; pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>

namespace gw::tools {

class open_calls {
 public:
  /// A call with this "id" was sent as the `seq`th message of the connection, from 1.
  void add(std::uint64_t id, std::uint64_t seq) { ids_.emplace(seq, id); }

  /// A message of the server: closes the call whose "id" it carries, and those that an error frame of the gateway is
  /// about: by the id that it echoes, or by their seq.
  void take(std::string_view message);

  std::size_t count() const noexcept { return ids_.size(); }

 private:
  void close_id(std::uint64_t id);

  std::map<std::uint64_t, std::uint64_t> ids_;  // by seq
};

}  // namespace gw::tools
