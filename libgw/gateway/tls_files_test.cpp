#include "gateway/tls.hpp"
#include "testing/catch.hpp"
#include "testing/tls_pair.hpp"

#include <filesystem>
#include <fstream>

using namespace gw;
using namespace gw::testing;

namespace {

/// A listener and a service with TLS, each with files of its own, among others without.
struct configured {
  tls_identities files;
  identity shown = files.make("shown", "DNS:gateway.test");
  identity trusted = files.make("trusted", "DNS:chat.test");
  config::config settings = [this] {
    config::config c;
    c.listeners = {{.name = "plain"}, {.name = "public"}};
    c.listeners[1].tls = {.cert = shown.cert, .key = shown.key};
    c.services.resize(2);
    c.services[0].name = "chat";
    c.services[0].tls = {.enabled = true, .ca = trusted.cert};
    c.services[1].name = "plain";
    return c;
  }();
};

void write(std::string const& file, std::string const& text) {
  std::ofstream(file) << text;
}

void check_not_loaded(config::config const& settings, std::string const& why) {
  gateway::tls_files files(settings);
  auto const loaded = files.load();
  REQUIRE(loaded.has_error());
  CHECK(loaded.error().code == errc::bad_config);
  CHECK(loaded.error().context == why);
}

}  // namespace

TEST_CASE("contexts are made for those listeners and services that have TLS") {
  configured const c;
  gateway::tls_files files(c.settings);
  REQUIRE(files.load().has_value());
  CHECK(files.any());
  REQUIRE(files.contexts()->listeners.size() == 2);
  CHECK(files.contexts()->listeners[0] == nullptr);
  CHECK(files.contexts()->listeners[1] != nullptr);
  REQUIRE(files.contexts()->services.size() == 1);
  CHECK(files.contexts()->services[0] != nullptr);

  gateway::worker_tls of_worker(files.contexts());
  CHECK(of_worker.for_client(0) == nullptr);
  CHECK(of_worker.for_client(1) != nullptr);
  CHECK(of_worker.for_upstream(0, {}, "chat.test") != nullptr);
  CHECK(of_worker.for_upstream(1, {}, "plain.test") == nullptr);

  gateway::tls_files nothing{config::config{}};
  REQUIRE(nothing.load().has_value());
  CHECK_FALSE(nothing.any());
  CHECK_FALSE(nothing.reread());
  CHECK(gateway::worker_tls(nothing.contexts()).for_client(0) == nullptr);
  CHECK(gateway::worker_tls(nullptr).for_client(0) == nullptr);
}

TEST_CASE("at the start a file that does not load is an error that says whose it is") {
  configured c;
  c.settings.listeners[1].tls.key = c.trusted.key;
  check_not_loaded(c.settings,
                   "listener 'public': cannot use the TLS key '" + c.trusted.key + "': key values mismatch");
  c.settings.listeners[1].tls.key = c.shown.key;
  c.settings.services[0].tls.ca = c.files.path("absent");
  check_not_loaded(c.settings,
                   "service 'chat': cannot use the CA '" + c.files.path("absent") + "': No such file or directory");
}

TEST_CASE("only what changed on disk is read again, and the snapshot from before stays as it was") {
  configured const c;
  gateway::tls_files files(c.settings);
  REQUIRE(files.load().has_value());
  CHECK_FALSE(files.reread());
  auto const before = files.contexts();
  auto const old_listener = before->listeners[1];

  c.files.make("shown", "DNS:gateway.test");
  CHECK(files.reread());
  CHECK(files.contexts() != before);
  CHECK(before->listeners[1] == old_listener);
  CHECK(files.contexts()->listeners[1] != old_listener);
  CHECK(files.contexts()->services[0] == before->services[0]);
  CHECK_FALSE(files.reread());

  c.files.make("trusted", "DNS:chat.test");
  auto const second = files.contexts();
  CHECK(files.reread());
  CHECK(files.contexts()->listeners[1] == second->listeners[1]);
  CHECK(files.contexts()->services[0] != second->services[0]);
}

TEST_CASE("a file that cannot be used leaves the old context in place until it changes again") {
  configured const c;
  gateway::tls_files files(c.settings);
  REQUIRE(files.load().has_value());
  auto const before = files.contexts();

  write(c.shown.cert, "not PEM");
  CHECK_FALSE(files.reread());
  CHECK(files.contexts() == before);
  std::filesystem::remove(c.shown.cert);
  CHECK_FALSE(files.reread());

  // A new pair, the certificate first: for a moment the two do not fit.
  auto const fresh = c.files.make("fresh", "DNS:gateway.test");
  std::filesystem::rename(fresh.cert, c.shown.cert);
  CHECK_FALSE(files.reread());
  CHECK(files.contexts() == before);
  std::filesystem::rename(fresh.key, c.shown.key);
  CHECK(files.reread());
  CHECK(files.contexts()->listeners[1] != before->listeners[1]);
}

TEST_CASE("a link that is turned to another folder counts as a change") {
  configured c;
  auto const other = c.files.make("other", "DNS:gateway.test");
  auto const link = [&](std::string const& name, std::string const& to) {
    std::filesystem::remove(c.files.path(name));
    std::filesystem::create_symlink(to, c.files.path(name));
    return c.files.path(name);
  };
  c.settings.listeners[1].tls = {.cert = link("cert", c.shown.cert), .key = link("key", c.shown.key)};
  gateway::tls_files files(c.settings);
  REQUIRE(files.load().has_value());
  link("cert", other.cert);
  link("key", other.key);
  CHECK(files.reread());
}
