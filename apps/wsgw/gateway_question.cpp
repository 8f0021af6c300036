#include "gateway_question.hpp"

#include "config/address.hpp"
#include "core/clock.hpp"
#include "net/resolve.hpp"
#include "tools/run_loop.hpp"

#include <algorithm>
#include <string_view>

namespace wsgw {
namespace {

/// Whether a configuration with problems still says where the gateway is asked: one that runs may be asked whatever
/// else is wrong with its files by now.
bool names_the_address(gw::config::loaded const& read) {
  auto const about_it = [](gw::config::problem const& p) {
    return p.key.starts_with("admin") || p.key.starts_with("health");
  };
  auto const* const keys = read.written.as<gw::config::node::table>();
  bool const could_be_read = keys != nullptr && !keys->empty();
  return read.problems.empty() || (could_be_read && std::none_of(read.problems.begin(), read.problems.end(), about_it));
}

/// Where a server that listens at `bind` is reached from here.
gw::result<gw::config::host_port> reached_at(std::string const& bind) {
  auto at = gw::config::parse_host_port(bind);
  if (!at) return at;
  if (at->host == "0.0.0.0") at->host = "127.0.0.1";
  if (at->host == "::") at->host = "::1";
  return at;
}

gw::net::awaitable<gw::result<gw::net::address>> resolve(gw::net::loop& on, gw::config::host_port at,
                                                         gw::duration limit) {
  gw::net::resolver names(on);
  auto const found = co_await names.resolve(at.host, limit);
  if (!found) co_return found.error();
  co_return gw::net::address::of_ip(found->front(), at.port);
}

gw::net::awaitable<gw::result<gw::tools::http_answer>> ask(gw::net::loop& on, gateway_question const& what) {
  if (what.bind.starts_with("unix:")) {
    auto const at = gw::net::address::parse(what.bind);
    if (!at) co_return at.error();
    co_return co_await gw::tools::http_get(on, *at, what.path, what.limit, what.largest_answer);
  }
  auto const named = reached_at(what.bind);
  if (!named) co_return named.error();
  auto const at = co_await resolve(on, *named, what.limit);
  if (!at) co_return at.error();
  co_return co_await gw::tools::http_get(on, *at, what.path, what.limit, what.largest_answer);
}

gw::net::awaitable<void> ask_into(gw::net::loop& on, gateway_question const& what,
                                  gw::result<gw::tools::http_answer>& answer) {
  answer = co_await ask(on, what);
}

}  // namespace

std::optional<std::string> gateway_address(settings_flags const& flags, asked_listener which, outcome& result) {
  if (!flags.admin.empty()) {
    std::string_view text = flags.admin;
    if (text.starts_with("http://")) text.remove_prefix(7);
    while (text.ends_with('/')) text.remove_suffix(1);
    return std::string(text);
  }
  auto const read = read_settings(origins_of(flags));
  if (!names_the_address(read)) {
    tell_problems(read, result);
    return std::nullopt;
  }
  auto const& settings = read.value;
  bool const of_probes = which == asked_listener::probes && !settings.health.bind.empty();
  return of_probes ? settings.health.bind : settings.admin.bind;
}

gw::result<gw::tools::http_answer> ask_gateway(gateway_question const& what) {
  gw::monotonic_clock const time;
  gw::net::loop on(time);
  gw::result<gw::tools::http_answer> answer = gw::tools::http_answer{};
  gw::tools::run_loop(on, ask_into(on, what, answer));
  return answer;
}

}  // namespace wsgw
