// Who owns the TLS contexts: read from the files of the configuration on the control thread, read again when a file
// changes, and shared with the workers as immutable snapshots. Must not know connections.
#pragma once

#include "cluster/instance.hpp"
#include "config/config.hpp"
#include "net/tls_engine.hpp"

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gw::gateway {

using tls_context_ptr = std::shared_ptr<net::tls_context const>;

/// One snapshot. Null (or no entry): plain text.
struct tls_contexts {
  std::vector<tls_context_ptr> listeners;  // in the order of the configuration
  std::vector<tls_context_ptr> services;
};

/// The certificates, keys and CAs that the configuration names. Control thread only.
class tls_files {
 public:
  explicit tls_files(config::config const& settings);

  /// Reads them all. The first that does not load is the error: errc::bad_config with the listener or service, the file
  /// and the reason.
  result<> load();

  /// Is there any file to look after?
  bool any() const noexcept { return !sets_.empty(); }

  /// Reads again what has changed on disk since it was read last, one listener or service at a time; says in the log
  /// what was taken over, and what could not be and why (it is tried again when its files change again; until then the
  /// context from before stays). True: contexts() is a new snapshot.
  bool reread();

  std::shared_ptr<tls_contexts const> const& contexts() const noexcept { return contexts_; }

 private:
  /// What tells a file from what it was before. All zero: there is none.
  struct stamp {
    std::int64_t seconds = 0;
    std::int64_t nanoseconds = 0;
    std::int64_t size = 0;
    ino_t inode = 0;
    friend bool operator==(stamp const&, stamp const&) = default;
  };
  /// Files that belong together, and the context made of them.
  struct file_set {
    std::string owner;  // "listener 'public'", "service 'chat'"
    std::vector<std::string> files;
    std::function<result<tls_context_ptr>()> make;
    std::size_t place;  // in the snapshot
    bool of_listener;
    std::vector<stamp> stamps = {};
  };

  static stamp stamp_of(std::string const& file);
  static std::vector<stamp> stamps_of(file_set const& set);
  static result<tls_context_ptr> make(file_set const& set);
  static void put(tls_contexts& into, file_set const& set, tls_context_ptr made);

  std::vector<file_set> sets_;
  std::shared_ptr<tls_contexts const> contexts_;
};

/// A worker's TLS: the present contexts, and the sessions by which its upstream handshakes are resumed.
class worker_tls {
 public:
  explicit worker_tls(std::shared_ptr<tls_contexts const> contexts) { use(std::move(contexts)); }

  /// For new connections; those that exist keep what they began with. Sessions of a context that is gone are dropped:
  /// they carry verdicts of the trust from before.
  void use(std::shared_ptr<tls_contexts const> fresh);

  /// For a client that connected to this listener; null: plain text.
  std::unique_ptr<net::tls_engine> for_client(std::size_t listener) const;
  /// For a connection to an instance of this service, known by `host` (a name or an IP literal); null: plain text.
  std::unique_ptr<net::tls_engine> for_upstream(std::size_t service, cluster::instance_id to, std::string_view host);

 private:
  struct known_server {
    std::string host;
    std::shared_ptr<net::tls_session> session;
  };

  std::shared_ptr<tls_contexts const> contexts_;
  std::vector<std::map<cluster::instance_id, known_server>> sessions_;  // by service
};

}  // namespace gw::gateway
