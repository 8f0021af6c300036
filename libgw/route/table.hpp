// Decides for every client message which service it is for (PRODUCT.md section 3.4), and explains it to people.
// Used by the session and by `wsgw route test`, the same code for both. Knows nothing of instances or sockets.
#pragma once

#include "config/config.hpp"
#include "core/error.hpp"
#include "route/memo.hpp"
#include "route/pattern.hpp"
#include "route/rule_list.hpp"
#include "wire/json_head.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gw::route {

/// Index into the names that the table was made with.
struct service_ref {
  std::uint32_t index = 0;

  friend bool operator==(service_ref, service_ref) = default;
};

enum class route_verdict : std::uint8_t {
  routed,     // to `service`
  heartbeat,  // for the gateway itself, which answers at once
  control,    // for the gateway itself: a `$gw/...` message of a session that negotiated wsgw.v1
  failed,     // with `fault`
};

/// The views are valid until the table's next decision and until the text changes.
struct decision {
  route_verdict verdict = route_verdict::failed;
  service_ref service = {};             // routed
  errc fault = errc::no_route;          // failed
  std::string_view why = {};            // failed: for people; static
  std::string_view method = {};         // the routing key, decoded; empty if there is no single one
  std::string_view named_service = {};  // what the routing key or the rule names, known or not
  std::string_view instance = {};       // routed by a rule that gives one: host:port
  std::string_view key = {};            // routed by a rule that gives one: its hash chooses the instance
  std::uint32_t rule = 0;               // who answered: 0 = the URL rule, n = the n-th custom rule
  bool watched = false;                 // by decide_prefix(): the rest of the message needs a wire::tail_walk
  bool unanswered = false;              // failed: no rule had an answer to it
};

/// Why `source` cannot be url_rule.pattern; nothing if it can. For config::outside_knowledge.
std::optional<text_fault> url_pattern_fault(std::string_view source);

/// The rules of one configuration. A copy for every worker: a decision uses the scanner inside.
class table {
 public:
  /// The error (bad_config) names the key, or the custom rule and its key.
  static result<table> make(config::url_rule const& rule, std::vector<std::string> service_names,
                            std::span<config::rule const> custom_rules = {});

  /// Of a whole text message, valid UTF-8, of a session in the circumstances `from`.
  decision decide(std::string_view text, circumstances const& from);

  /// Of a binary message, which is not looked into.
  decision decide_binary(circumstances const& from);

  /// Of the first bytes of a text message that is still arriving. `undecided`: ask again with more of it, or decide()
  /// when it is complete. Who forwards a message that is `watched` watches the rest with a wire::tail_walk of rules().
  decision decide_prefix(std::string_view first, circumstances const& from, bool& undecided);

  /// The routing key of the message that `text` is or begins, to be shown; empty if there is no single one. Valid until
  /// the next decision and until the text changes.
  std::string_view method_of(std::string_view text);

  /// What the custom rules ask about a session: see circumstances_of(). Nothing asked: an empty one will do.
  questions const& asked() const noexcept { return custom_.asked(); }

  wire::head_rules const& rules() const noexcept { return rules_; }
  std::string_view name_of(service_ref service) const { return names_[service.index]; }
  std::optional<service_ref> find(std::string_view name) const;
  std::size_t services() const noexcept { return names_.size(); }
  /// A further service, behind those that there are; names and indexes stay.
  void add(std::string service);
  rule_list const& custom_rules() const noexcept { return custom_; }

  /// The decision in lines for people: the routing key, the captures and the service, or the fault with a caret under
  /// the byte, or why it is left to the custom rule that answers; then every custom rule with its reason, or why it is
  /// not asked.
  std::string explain(std::string_view text, circumstances const& from);
  std::string explain_binary(circumstances const& from);

 private:
  struct name_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const noexcept { return std::hash<std::string_view>()(name); }
  };

  table(config::url_rule const& rule, pattern compiled, std::vector<std::string> service_names, rule_list custom);
  result<> check_services() const;
  decision judge(wire::head const& head, bool control, captures& found) const;
  decision judge_method(std::string_view method, bool control, captures& found) const;
  decision judge_disabled(wire::head const& head) const;
  static decision judge_binary();
  decision routed(std::uint32_t service, std::string_view method) const;
  decision answer_of(ruling const& by, decision const& url) const;
  decision decide_further(decision const& url, message_facts::content what, std::string_view text,
                          circumstances const& from);
  void explain_url_rule(std::string_view text, wire::head const& head, decision const& url, captures const& found,
                        std::string& out) const;
  /// Whether a custom rule answers.
  bool explain_further(decision const& url, message_facts::content what, std::string_view text,
                       circumstances const& from, std::string& out);
  void explain_verdict(decision const& made, std::string& out) const;

  bool enabled_;
  wire::head_rules rules_;
  wire::head_scanner scanner_;
  memo routed_;
  pattern pattern_;
  rule_list custom_;
  std::deque<std::string> names_;  // never moved: decisions and sessions refer to them
  boost::unordered_flat_map<std::string, std::uint32_t, name_hash, std::equal_to<>> index_;
};

}  // namespace gw::route
