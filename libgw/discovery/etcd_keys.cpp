#include "discovery/etcd_keys.hpp"

#include "config/address.hpp"
#include "core/base64.hpp"
#include "core/trimmed.hpp"
#include "discovery/bounded_json.hpp"
#include "discovery/offer_fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace gw::discovery {
namespace {

using nlohmann::json;

error not_understood(std::string what) {
  return {errc::parse_error, side::upstream, std::move(what), {}};
}

/// The smallest key behind all that begin with `prefix`, which ends with a slash.
std::string end_of(std::string prefix) {
  ++prefix.back();
  return prefix;
}

std::string decoded(json const& kv, std::string_view name) {
  return base64_decode(text_of(member(kv, name))).value_or(std::string());
}

bool take_address(std::string_view written, offer& to) {
  auto const parsed = config::parse_host_port(trimmed(written));
  if (!parsed) return false;
  to.host = parsed->host;
  to.port = parsed->port;
  return true;
}

std::optional<offer> read_value(std::string const& value) {
  offer made;
  auto const parsed = parse_bounded(value);
  if (!parsed || !parsed->root.is_object()) {
    return take_address(value, made) ? std::optional(made) : std::nullopt;
  }
  auto const& fields = parsed->root;
  auto address = text_of(member(fields, "addr"));
  if (address.empty()) address = text_of(member(fields, "Addr"));  // as gRPC's naming for etcd writes it
  made.host = text_of(member(fields, "host"));
  made.port = port_of(member(fields, "port"));
  if (!address.empty() ? !take_address(address, made) : made.host.empty()) return std::nullopt;
  made.weight = weight_of(member(fields, "weight"));
  made.zone = text_of(member(fields, "zone"));
  made.metadata = metadata_of(member(fields, "metadata"));
  made.draining = truth_of(member(fields, "draining"), false);
  return made;
}

}  // namespace

etcd_keys::etcd_keys(std::string_view prefix) : prefix_(prefix) {
  if (!prefix_.ends_with('/')) prefix_ += '/';
}

/// SERVICE/ID; empty if the key is not called so.
std::string etcd_keys::key_of(json const& kv) const {
  auto const key = decoded(kv, "key");
  if (!key.starts_with(prefix_)) return {};
  auto name = key.substr(prefix_.size());
  auto const slash = name.find('/');
  bool const whole = slash != 0 && slash != std::string::npos && slash + 1 != name.size();
  return whole ? name : std::string();
}

/// Whether anything is different now.
bool etcd_keys::put(json const& kv) {
  auto const key = key_of(kv);
  auto made = read_value(decoded(kv, "value"));
  if (key.empty() || !made) {
    ++skipped_;
    return !key.empty() && offers_.erase(key) != 0;
  }
  made->id = key.substr(key.find('/') + 1);
  auto const known = offers_.find(key);
  if (known != offers_.end() && known->second == *made) return false;
  offers_.insert_or_assign(key, std::move(*made));
  return true;
}

bool etcd_keys::erase(json const& kv) {
  return offers_.erase(key_of(kv)) != 0;
}

void etcd_keys::told_up_to(json const& revision) {
  revision_ = std::max(revision_, number_of(revision).value_or(0));
}

result<> etcd_keys::take_range(std::string_view answer) {
  auto const parsed = parse_bounded(answer);
  if (!parsed) return parsed.error();
  auto const revision = number_of(member(member(parsed->root, "header"), "revision"));
  if (!revision) return not_understood("the answer is not a range of keys: it has no revision");
  offers_.clear();
  skipped_ = 0;
  revision_ = *revision;
  for (auto const* const kv : elements_of(member(parsed->root, "kvs"))) put(*kv);
  return {};
}

result<etcd_keys::news> etcd_keys::take_line(std::string_view line) {
  auto const parsed = parse_bounded(line);
  if (!parsed) return parsed.error();
  auto const& told = member(parsed->root, "error");
  if (!told.is_null()) return not_understood(fmt::format("etcd ends the watch: {}", text_of(member(told, "message"))));
  auto const& answer = member(parsed->root, "result");
  if (!answer.is_object()) return not_understood("a line of the watch is not an answer");
  if (truth_of(member(answer, "canceled"), false)) {
    if (number_of(member(answer, "compact_revision")).value_or(0) > 0) return news::compacted;
    return not_understood(fmt::format("etcd ends the watch: {}", text_of(member(answer, "cancel_reason"))));
  }
  if (truth_of(member(answer, "created"), false)) return news::none;
  auto const events = elements_of(member(answer, "events"));
  // The header may be ahead of the events that were sent so far. Without any, it says that there is no more up to it.
  if (events.empty()) told_up_to(member(member(answer, "header"), "revision"));
  bool changed = false;
  for (auto const* const event : events) {
    auto const& kv = member(*event, "kv");
    told_up_to(member(kv, "mod_revision"));
    bool const other = text_of(member(*event, "type")) == "DELETE" ? erase(kv) : put(kv);
    changed = changed || other;
  }
  return changed ? news::changed : news::none;
}

catalogue etcd_keys::routable() const {
  catalogue all;
  for (auto const& [key, found] : offers_) all[key.substr(0, key.find('/'))].push_back(found);
  return all;
}

std::string etcd_keys::range_request() const {
  return fmt::format(R"({{"key":"{}","range_end":"{}"}})", base64_encode(prefix_), base64_encode(end_of(prefix_)));
}

std::string etcd_keys::watch_request() const {
  return fmt::format(R"({{"create_request":{{"key":"{}","range_end":"{}","start_revision":"{}",)"
                     R"("progress_notify":true}}}})",
                     base64_encode(prefix_), base64_encode(end_of(prefix_)), revision_ + 1);
}

}  // namespace gw::discovery
