// To whom the connections of a load test go, and with which headers. Used by the generator's threads.
#pragma once

#include "net/address.hpp"
#include "tools/bench_plan.hpp"
#include "tools/bench_template.hpp"

#include <vector>

namespace gw::tools {

/// A target whose host was looked up and whose headers were read. Immutable; shared by the threads.
class bench_target {
 public:
  /// errc::bad_usage: a header's value is no template.
  static result<bench_target> make(websocket_request const& ask, bench_plan const& plan);

  websocket_url const& url() const noexcept { return ask_.url; }
  net::address address{};

  /// What connection `number` asks for.
  websocket_request request(std::uint64_t number, bench_random& random) const;

 private:
  websocket_request ask_;
  std::vector<bench_template> values_;  // of the headers
};

}  // namespace gw::tools
