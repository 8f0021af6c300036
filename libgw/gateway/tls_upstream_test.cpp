#include "gateway/gateway_world_test.hpp"
#include "testing/tls_pair.hpp"

using namespace gw;
using namespace gw::testing;
using namespace std::chrono_literals;

namespace {

/// A service `chat` that the gateway reaches by TLS. The certificate of its instances is `files.gateway`.
struct secure_service {
  tls_cast files;
  config::service_tls tls = {.enabled = true, .ca = files.gateway.cert};
  std::string host = {};
  std::size_t instances = 1;

  testing::cast who() const {
    auto const settings = [this](config::config& c) {
      c.services[0].tls = tls;
      c.services[0].host = host;
      c.services[0].channel.connect_retries = 0;
    };
    return {.instances = instances, .settings = settings};
  }
};

/// The error frame of the first message to `chat`.
std::string undelivered(std::string const& code, int http, std::string const& message) {
  return R"({"method":"/api/v1/chat/send","status":1,"message":"'chat' )" + message +
         R"(","data":{},"error":{"code":")" + code + R"(","http":)" + std::to_string(http) +
         R"(,"stage":"connect","service":"chat","sent":false,"seq":1,"retryable":true,"retryAfterMs":1000}})";
}

/// A message to `chat` gets there and is answered.
net::awaitable<void> check_served(gateway_world& world) {
  auto& client = world.client();
  client.says(message_to("chat", 1));
  auto& chat = *co_await world.upstream("chat");
  co_await chat.hears(message_to("chat", 1));
  chat.says("here");
  co_await client.hears("here");
}

void check_failed(secure_service const& service, tls_context_ptr spoken, std::string const& frame) {
  play(service.who(), [&](gateway_world& world) -> net::awaitable<void> {
    world.instance("chat").speaks_tls(spoken);
    auto& client = world.client();
    client.says(message_to("chat", 1));
    co_await world.told(client, frame);
    CHECK(world.instance("chat").handshakes().empty());
    CHECK(world.counts_of("chat").connect_failures.get() == 1);
  });
}

}  // namespace

TEST_CASE("a service is spoken to by TLS, asked for by its name but never by an address") {
  secure_service service;
  for (auto const& row : {std::pair{"", ""}, std::pair{"gateway.test", "gateway.test"},
                          std::pair{"gateway.test:8443", "gateway.test"}, std::pair{"127.0.0.1:8443", ""}}) {
    std::string const host = row.first;
    std::string const told = row.second;
    CAPTURE(host);
    service.host = host;
    play(service.who(), [&](gateway_world& world) -> net::awaitable<void> {
      world.instance("chat").speaks_tls(service.files.server());
      co_await check_served(world);
      auto const& seen = world.instance("chat").tls_handshakes();
      CHECK(seen.size() == 1);
      CHECK(seen.front().server_name == told);
      auto const& handshake = world.instance("chat").handshakes().front();
      std::string const named = host.empty() ? world.instance("chat").address() : host;
      CHECK(handshake.find("\r\nHost: " + named + "\r\n") != std::string::npos);
      CHECK(handshake.find("\r\nX-Forwarded-Proto: http\r\n") != std::string::npos);
    });
  }
}

TEST_CASE("a service whose certificate is another's, or of an unknown CA, gets nothing and the client is told") {
  auto const refused = undelivered("CONNECT_FAILED", 502, "failed the TLS handshake");
  secure_service service;
  auto const spoken = service.files.server();
  service.host = "another.test";
  check_failed(service, spoken, refused);
  service.host = "127.0.0.2";
  check_failed(service, spoken, refused);
  service.host = "gateway.test";
  service.tls.ca = service.files.stranger.cert;
  check_failed(service, spoken, refused);
  service.tls.ca = "";  // the system's
  check_failed(service, spoken, refused);
}

TEST_CASE("a service that speaks plain text where TLS is expected fails, and the other way round") {
  secure_service service;
  play(service.who(), [&](gateway_world& world) -> net::awaitable<void> {
    auto& client = world.client();
    client.says(message_to("chat", 1));
    std::function<bool()> const failed = [&] { return world.counts_of("chat").connect_failures.get() == 1; };
    // It takes our hello for the beginning of a head, and leaves when it is told that nothing follows.
    world.instance("chat").reads_at_most(64);
    co_await world.until("the failure", failed);
    co_await world.told(client, undelivered("CONNECT_FAILED", 502, "failed the TLS handshake"));
  });
  service.tls.enabled = false;
  play(service.who(), [&](gateway_world& world) -> net::awaitable<void> {
    world.instance("chat").speaks_tls(service.files.server());
    auto& client = world.client();
    client.says(message_to("chat", 1));
    auto const frame = co_await client.hears_json();
    CHECK(frame["error"]["code"] == "HANDSHAKE_REJECTED");
  });
}

TEST_CASE("without verification any certificate will do") {
  secure_service service;
  service.host = "another.test";
  service.tls = {.enabled = true, .verify = false};
  play(service.who(), [&](gateway_world& world) -> net::awaitable<void> {
    world.instance("chat").speaks_tls(service.files.server());
    co_await check_served(world);
  });
}

TEST_CASE("a service that demands a certificate gets ours, and refuses a stranger's or none") {
  secure_service service;
  identity const own = service.files.files.make("the gateway", "DNS:own.test");
  auto options = service.files.server_options();
  options.client_ca_file = own.cert;
  for (auto const& [version, name] : tls_versions) {
    CAPTURE(name);
    auto const demanding = tls_pair::at_most(version, *net::tls_context::server(options));
    service.tls.cert = own.cert;
    service.tls.key = own.key;
    play(service.who(), [&](gateway_world& world) -> net::awaitable<void> {
      world.instance("chat").speaks_tls(demanding);
      co_await check_served(world);
      CHECK(world.instance("chat").tls_handshakes().front().client == "the gateway");
    });
    auto const refused = undelivered("CONNECT_FAILED", 502, "failed the TLS handshake");
    service.tls.cert = service.files.stranger.cert;
    service.tls.key = service.files.stranger.key;
    check_failed(service, demanding, refused);
    service.tls.cert = service.tls.key = "";
    check_failed(service, demanding, refused);
  }
}

TEST_CASE("an instance whose TLS fails is passed over for another one") {
  secure_service service;
  service.instances = 2;
  auto who = service.who();
  who.settings = [&](config::config& c) { c.services[0].tls = service.tls; };
  std::uint64_t failures = 0;
  auto const impostor =
      *net::tls_context::server({.cert_file = service.files.stranger.cert, .key_file = service.files.stranger.key});
  for (std::size_t const bad : {0U, 1U}) {
    play(who, [&](gateway_world& world) -> net::awaitable<void> {
      world.instance("chat", bad).speaks_tls(impostor);
      world.instance("chat", 1 - bad).speaks_tls(service.files.server());
      co_await check_served(world);
      failures += world.counts_of("chat").connect_failures.get();
    });
  }
  CHECK(failures == 1);  // the first choice was once the bad one
}

TEST_CASE("the TLS handshake with a service has its time limit") {
  secure_service const service;
  auto who = service.who();
  who.manual_time = true;
  play(std::move(who), [&](gateway_world& world) -> net::awaitable<void> {
    world.instance("chat").holds_back();  // and reads our hello as if it were the beginning of a head
    auto& client = world.client();
    client.says(message_to("chat", 1));
    co_await world.until_quiet();
    world.pass(4900ms);
    co_await world.until_quiet();
    CHECK(client.has_heard_all());
    world.pass(200ms);
    co_await world.told(client, undelivered("CONNECT_TIMEOUT", 504, "did not answer the handshake in time"));
  });
}

TEST_CASE("the second channel to an instance resumes the TLS session of the first, unless the trust has changed") {
  secure_service service;
  service.host = "gateway.test";
  auto const& files = service.files.files;
  auto const trusted = files.make("trusted", "DNS:elsewhere.test");
  for (auto const& [version, name] : tls_versions) {
    CAPTURE(name);
    auto const spoken = tls_pair::at_most(version, service.files.server());
    std::filesystem::copy_file(service.files.gateway.cert, trusted.cert,
                               std::filesystem::copy_options::overwrite_existing);
    service.tls.ca = trusted.cert;
    play(service.who(), [&](gateway_world& world) -> net::awaitable<void> {
      auto& instance = world.instance("chat");
      instance.speaks_tls(spoken);
      for (int i = 0; i < 3; ++i) co_await check_served(world);
      CHECK(instance.tls_handshakes().size() == 3);
      CHECK_FALSE(instance.tls_handshakes()[0].resumed);
      CHECK(instance.tls_handshakes()[1].resumed);
      CHECK(instance.tls_handshakes()[2].resumed);

      files.make("trusted", "DNS:elsewhere.test");  // a CA that does not know the service
      CHECK(world.reread_certificates());
      auto& client = world.client();
      client.says(message_to("chat", 1));
      co_await world.told(client, undelivered("CONNECT_FAILED", 502, "failed the TLS handshake"));
    });
  }
}

TEST_CASE("messages of a megabyte pass both ways through TLS on both sides") {
  secure_service const service;
  auto who = service.who();
  who.settings = [&](config::config& c) {
    c.listeners[0].tls = {.cert = service.files.gateway.cert, .key = service.files.gateway.key};
    c.services[0].tls = service.tls;
  };
  play(std::move(who), [&](gateway_world& world) -> net::awaitable<void> {
    world.instance("chat").speaks_tls(service.files.server());
    auto& client = *co_await world.secure_party(service.files.client(), "gateway.test");
    auto const up = message_of_size("chat", 1024 * 1024);
    auto const down = std::string(1024 * 1024, 'd');
    client.says(up);
    auto& chat = *co_await world.upstream("chat");
    for (int i = 0; i < 8; ++i) {
      chat.says(down);
      co_await chat.hears(up);
      client.says(up);
      co_await client.hears(down);
    }
    co_await chat.hears(up);
  });
}
