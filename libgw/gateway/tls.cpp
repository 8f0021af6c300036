#include "gateway/tls.hpp"

#include "core/log.hpp"

#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

namespace gw::gateway {
namespace {

// Instances come and go; the sessions of those that are gone may not pile up.
constexpr std::size_t max_known_servers = 1024;

std::vector<std::string> named(std::initializer_list<std::string> files) {
  std::vector<std::string> all(files);
  std::erase(all, std::string());
  return all;
}

tls_context_ptr at(std::vector<tls_context_ptr> const& contexts, std::size_t place) {
  return place < contexts.size() ? contexts[place] : nullptr;
}

}  // namespace

// --- the files ---

tls_files::tls_files(config::config const& settings) {
  for (std::size_t i = 0; i < settings.listeners.size(); ++i) {
    auto const& l = settings.listeners[i];
    if (!l.tls.enabled()) continue;
    net::tls_context::server_options options{.cert_file = l.tls.cert,
                                             .key_file = l.tls.key,
                                             .min_version = l.tls.min_version,
                                             .client_ca_file = l.tls.client_ca};
    sets_.push_back({.owner = fmt::format("listener '{}'", l.name),
                     .files = named({l.tls.cert, l.tls.key, l.tls.client_ca}),
                     .make = [options] { return net::tls_context::server(options); },
                     .place = i,
                     .of_listener = true});
  }
  for (std::size_t i = 0; i < settings.services.size(); ++i) {
    auto const& s = settings.services[i];
    if (!s.tls.enabled) continue;
    net::tls_context::client_options options{
        .verify = s.tls.verify, .ca_file = s.tls.ca, .cert_file = s.tls.cert, .key_file = s.tls.key};
    sets_.push_back({.owner = fmt::format("service '{}'", s.name),
                     .files = named({s.tls.ca, s.tls.cert, s.tls.key}),
                     .make = [options] { return net::tls_context::client(options); },
                     .place = i,
                     .of_listener = false});
  }
}

result<> tls_files::load() {
  auto all = std::make_shared<tls_contexts>();
  for (auto& set : sets_) {
    set.stamps = stamps_of(set);
    auto made = make(set);
    if (!made) return made.error();
    put(*all, set, std::move(*made));
  }
  contexts_ = std::move(all);
  return {};
}

bool tls_files::reread() {
  std::shared_ptr<tls_contexts> fresh;
  for (auto& set : sets_) {
    // Before the files are read: a change while we read is seen the next time.
    auto now = stamps_of(set);
    if (now == set.stamps) continue;
    set.stamps = std::move(now);
    auto made = make(set);
    if (!made) {
      log::event(log::level::error, "tls_not_reread", {{"err", describe(made.error())}});
      continue;
    }
    if (!fresh) fresh = std::make_shared<tls_contexts>(*contexts_);
    put(*fresh, set, std::move(*made));
    log::event(log::level::info, "tls_reread", {{"for", set.owner}});
  }
  if (!fresh) return false;
  contexts_ = std::move(fresh);
  return true;
}

result<tls_context_ptr> tls_files::make(file_set const& set) {
  auto made = set.make();
  if (made) return made;
  auto why = made.error();
  why.context = fmt::format("{}: {}", set.owner, why.context);
  return why;
}

void tls_files::put(tls_contexts& into, file_set const& set, tls_context_ptr made) {
  auto& places = set.of_listener ? into.listeners : into.services;
  if (places.size() <= set.place) places.resize(set.place + 1);
  places[set.place] = std::move(made);
}

tls_files::stamp tls_files::stamp_of(std::string const& file) {
  struct ::stat found {};
  if (::stat(file.c_str(), &found) != 0) return {};
  return {.seconds = found.st_mtim.tv_sec,
          .nanoseconds = found.st_mtim.tv_nsec,
          .size = found.st_size,
          .inode = found.st_ino};
}

std::vector<tls_files::stamp> tls_files::stamps_of(file_set const& set) {
  std::vector<stamp> stamps;
  for (auto const& file : set.files) stamps.push_back(stamp_of(file));
  return stamps;
}

// --- a worker's side ---

void worker_tls::use(std::shared_ptr<tls_contexts const> fresh) {
  auto const before = std::exchange(contexts_, fresh ? std::move(fresh) : std::make_shared<tls_contexts const>());
  sessions_.resize(contexts_->services.size());
  for (std::size_t i = 0; i < sessions_.size(); ++i) {
    if (!before || at(before->services, i) != contexts_->services[i]) sessions_[i].clear();
  }
}

std::unique_ptr<net::tls_engine> worker_tls::for_client(std::size_t listener) const {
  auto const context = at(contexts_->listeners, listener);
  return context ? std::make_unique<net::tls_engine>(context, true) : nullptr;
}

std::unique_ptr<net::tls_engine> worker_tls::for_upstream(std::size_t service, cluster::instance_id to,
                                                          std::string_view host) {
  auto const context = at(contexts_->services, service);
  if (!context) return nullptr;
  auto& known = sessions_[service];
  if (known.size() >= max_known_servers && !known.contains(to)) known.clear();
  auto& server = known[to];
  if (!server.session || server.host != host) server = {std::string(host), std::make_shared<net::tls_session>()};
  return std::make_unique<net::tls_engine>(context, false, host, server.session);
}

}  // namespace gw::gateway
