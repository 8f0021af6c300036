// What a gateway that has just started does with one message: offline, by the very tables, pools and texts of `serve`.
// Used by everything of `wsgw route test`. Pure: no sockets, no files.
#pragma once

#include "cluster/pool.hpp"
#include "config/config.hpp"
#include "core/error.hpp"
#include "route/circumstances.hpp"
#include "route/handshake_routes.hpp"
#include "route/refusal.hpp"
#include "route/table.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gw::tools {

/// What stands in place of a rule's id where the URL rule has answered.
inline constexpr std::string_view url_rule_name = "url_rule";

/// The handshake of the session that the messages come by, as somebody wrote it down.
struct written_handshake {
  std::vector<std::pair<std::string, std::string>> headers = {};  // name, value
  std::string path = {};                                          // empty: the first of ws_paths
  std::string query = {};                                         // without '?'
  std::string subprotocol = {};                                   // that was negotiated
  std::string client = "127.0.0.1";                               // its IP address
  std::optional<std::string> user = {};                           // who the client has shown to be
};

/// The session, judged. Made by route_judge::session_of().
struct judged_session {
  route::circumstances told = {};
  std::vector<std::optional<std::uint64_t>> keys = {};  // by service: what its instance is chosen by
  std::string remark = {};  // why no message comes by such a session, if that is so; for people
};

/// What becomes of a message. The views are valid until the judge's next verdict and until the message changes.
struct route_verdict {
  enum class kind : std::uint8_t {
    routed,    // to a service
    answered,  // by the gateway itself, which may have nothing to say
    refused,   // with an error frame; the session goes on
    closes,    // the session ends with close code 1007 or 1009
  };

  kind what = kind::refused;
  std::string_view word = {};               // the service, "gateway", the code of the frame, "1007" or "1009"
  std::uint32_t bucket = 0;                 // the word as a number: see route_judge::words()
  route::decision made = {};                // of the rules; of nothing if the session ends
  route::refusal because = {};              // refused; closes: only its `why`
  cluster::instance const* pick = nullptr;  // routed: who is dialled; null if that cannot be known offline
};

class route_judge {
 public:
  /// The error (bad_config) is one that `serve` would not start with, either.
  static result<route_judge> make(config::config settings);

  /// Judges the handshake as a listener does. The error (bad_usage) says what to write.
  result<judged_session> session_of(written_handshake const& written) const;

  route_verdict judge(std::string_view message, bool binary, judged_session const& from);

  /// The error frame, or what the gateway answers; empty if it says nothing. `seq`: the number of the message in its
  /// session. Without `conn` and `trace`, which only a connection has. For the latest verdict.
  std::string answer_to(route_verdict const& v, std::string_view message, std::uint64_t seq) const;

  /// Every step of the decision: see route::table::explain(). Nothing, if no rule is asked because the session closes.
  std::string explain(std::string_view message, bool binary, judged_session const& from);

  /// The custom rule that answered; null: the URL rule did, or nobody.
  route::rule const* rule_of(route_verdict const& v) const;
  /// The instances that may be dialled for a message that is routed: one if a rule pins it.
  std::vector<std::string> candidates_of(route_verdict const& v) const;
  /// ": no such service 'ordr'; did you mean 'order'?", what is wrong in one line for people. A refused or fatal one.
  std::string reason_of(route_verdict const& v);

  /// Every word that a verdict may have; verdict.bucket is its index. Services come first.
  std::vector<std::string> const& words() const noexcept { return words_; }
  std::size_t services() const noexcept { return settings_.services.size(); }
  config::config const& settings() const noexcept { return settings_; }
  /// "; did you mean 'order'?" if no verdict can have this word, and one like it.
  std::string guess_for(std::string_view word) const;
  bool knows(std::string_view word) const;

 private:
  struct service_state {
    std::optional<cluster::pool> asked;             // answers whom rules mean
    std::optional<std::uint64_t> key;               // for whom `first` was chosen
    std::optional<cluster::instance const*> first;  // the choice of a pool that nobody has asked before
    bool has_names = false;                         // of hosts, whose addresses are not looked up
  };

  route_judge(config::config settings, route::table rules, route::handshake_routes tunnels);
  std::string head_of(written_handshake const& written) const;
  std::string remark_on(std::string_view path, std::string_view host) const;
  bool is_too_long(std::string_view message) const noexcept;
  route_verdict closes(std::uint32_t bucket, std::string_view why) const;
  route_verdict refused(route::decision const& made, route::refusal const& because) const;
  route_verdict routed(route::decision const& made, std::string_view message, judged_session const& from);
  route_verdict controlled(route::decision const& made, std::string_view message) const;
  cluster::instance const* first_choice(std::uint32_t service, judged_session const& from);

  config::config settings_;
  route::table rules_;
  route::handshake_routes tunnels_;
  std::shared_ptr<cluster::registry const> registry_;
  std::vector<service_state> states_;
  std::vector<std::string> words_;
  std::vector<error> nobody_;                                // by service: nobody may be dialled
  std::map<std::string, std::string, std::less<>> guesses_;  // for names of services that are not there
};

}  // namespace gw::tools
