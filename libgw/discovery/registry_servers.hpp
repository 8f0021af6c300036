// The HTTP servers of one registry, any of which can answer: the next one is asked when one fails. Used by the sources
// that ask registries; when to try again is not their business.
#pragma once

#include "config/config.hpp"
#include "core/error.hpp"
#include "net/http_call.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gw::discovery {

/// One thread, one call at a time.
class registry_servers {
 public:
  /// Of `settings`: urls, tls, connect_timeout and read_timeout; the last may be longer by `patience`. Reads the CA
  /// file now. Errors are bad_config.
  static result<std::unique_ptr<registry_servers>> make(net::loop& where, config::discovery const& settings,
                                                        duration patience = {});

  /// Asks each server once at most, the one that answered last first. An answer of 5xx, or with one of the statuses
  /// `unwilling`, is a failure; the error is that of the last server.
  net::awaitable<result<net::http_answer>> call(net::http_question question, std::vector<int> unwilling = {});
  /// The same for a stream; its lines come from current().
  net::awaitable<result<net::http_answer>> open(net::http_question question);

  /// The one that answered last.
  net::http_client& current() noexcept { return *clients_[current_]; }

  /// For good.
  void close() noexcept;

 private:
  registry_servers() = default;
  net::awaitable<result<net::http_answer>> ask(net::http_question question, std::vector<int> unwilling, bool stream);

  std::vector<std::unique_ptr<net::http_client>> clients_;
  std::size_t current_ = 0;
};

/// What an answer with a status that the caller cannot use comes to: an error that names the question and the status.
error unexpected(net::http_client const& from, net::http_answer const& answer);
/// The same for an answer whose body cannot be used, for the reason `why`.
error unusable(net::http_client const& from, error why);

/// For the path or the query of a target: what is not unreserved is escaped (RFC 3986 section 2.3).
std::string percent_encoded(std::string_view text);

/// What stands in a file of one line, such as a token; read anew each time, since tokens rotate. bad_config if not.
result<std::string> line_of_file(std::string const& path);

}  // namespace gw::discovery
