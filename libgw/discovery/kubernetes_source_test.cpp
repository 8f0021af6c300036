#include "discovery/registry_world_test.hpp"
#include "testing/tls_identities.hpp"

#include <fmt/format.h>

#include <fstream>
#include <string>

using namespace gw;
using namespace gw::discovery;
using testing::http_chunk;
using testing::http_chunked;

namespace {

std::string slice(std::string const& name, std::string const& pod) {
  return fmt::format(R"({{"metadata":{{"name":"{}","namespace":"shop","resourceVersion":"1{}",)"
                     R"("labels":{{"kubernetes.io/service-name":"order"}}}},"ports":[{{"name":"ws","port":9001}}],)"
                     R"("endpoints":[{{"addresses":["10.0.0.{}"],"targetRef":{{"name":"p{}"}}}}]}})",
                     name, pod, pod, pod);
}

std::string list(std::string const& items, std::string const& more = "") {
  return fmt::format(R"({{"metadata":{{"resourceVersion":"9"{}}},"items":[{}]}})", more, items);
}

std::string event(std::string const& type, std::string const& object) {
  return http_chunk(fmt::format("{{\"type\":\"{}\",\"object\":{}}}\n", type, object));
}

void in_shop(config::discovery& settings) {
  settings.namespace_name = "shop";
}

constexpr auto one = "order: p5=10.0.0.5:9001";
constexpr auto two = "order: p5=10.0.0.5:9001, p6=10.0.0.6:9001";

/// Lists slice a, and answers a watch with these bytes.
http_double::answer watched_with(std::string const& stream, bool close = false) {
  return [stream, close](http_double::request const& r) {
    bool const watch = r.target.find("&watch=1") != std::string::npos;
    return watch ? reply{stream, close} : reply{http_ok(list(slice("a", "5")))};
  };
}

}  // namespace

TEST_CASE("the slices of the wanted services are listed page by page, with the token that the file holds now") {
  testing::tls_identities const folder;
  auto const token = folder.path("token");
  std::ofstream(token) << "first\n";
  beside_server([&](net::loop& l, http_double& server) -> net::awaitable<void> {
    server.answers([&token](http_double::request const& r) {
      std::ofstream(token) << "second";
      if (r.target.find("&continue=a%2Fb") != std::string::npos) return reply{http_ok(list(slice("b", "6")))};
      return reply{http_ok(list(slice("a", "5"), R"(,"continue":"a/b")"))};
    });
    auto const asked = source_of(l, "kubernetes", {server.url()}, [&token](config::discovery& settings) {
      in_shop(settings);
      settings.token_file = token;
      settings.label = "tier=front";
    });
    auto const told = co_await asked->discover(ask::everything);
    CHECK(outcome(told) == two);
    REQUIRE(server.requests().size() == 2);
    CHECK(server.requests()[0].target ==
          "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices?labelSelector="
          "kubernetes.io%2Fservice-name%20in%20%28order%2Cuser%29%2Ctier%3Dfront&limit=500");
    CHECK(server.requests()[0].head.find("\r\nAuthorization: Bearer first\r\n") != std::string::npos);
    CHECK(server.requests()[1].head.find("\r\nAuthorization: Bearer second\r\n") != std::string::npos);
  });
}

TEST_CASE("news of Kubernetes come by a watch that goes on where the list ended") {
  beside_server([](net::loop& l, http_double& server) -> net::awaitable<void> {
    server.answers(watched_with(http_chunked() + event("BOOKMARK", R"({"metadata":{"resourceVersion":"12"}})") +
                                event("ADDED", slice("b", "6"))));
    auto const asked = source_of(l, "kubernetes", {server.url()}, in_shop);
    auto told = co_await asked->discover(ask::news);
    CHECK(outcome(told) == one);
    told = co_await asked->discover(ask::news);
    CHECK(outcome(told) == two);
    CHECK(server.requests()[1].target.ends_with(
        "&watch=1&resourceVersion=9&allowWatchBookmarks=true&timeoutSeconds=300"));
    server.pushes(event("DELETED", slice("a", "5")) + event("MODIFIED", slice("b", "7")));
    told = co_await asked->discover(ask::news);
    CHECK(outcome(told) == "order: p7=10.0.0.7:9001");
    CHECK(server.requests().size() == 2);
    // The server ends a watch in its time; the next goes on behind the last event.
    server.pushes("0\r\n\r\n");
    told = co_await asked->discover(ask::news);
    CHECK(outcome(told) == "order: p7=10.0.0.7:9001");
    told = co_await asked->discover(ask::news);
    CHECK(server.requests()[2].target.find("&resourceVersion=17&") != std::string::npos);
  });
}

TEST_CASE("a version that is too old is listed again, be it told by status or by event") {
  for (auto const& gone : {http_says(410), http_chunked() + event("ERROR", R"({"code":410})")}) {
    beside_server([&gone](net::loop& l, http_double& server) -> net::awaitable<void> {
      server.answers(watched_with(gone));
      auto const asked = source_of(l, "kubernetes", {server.url()}, in_shop);
      for (int i = 0; i < 2; ++i) {
        auto const told = co_await asked->discover(ask::news);
        CHECK(outcome(told) == one);
      }
      CHECK(server.requests().size() == 3);
    });
  }
}

TEST_CASE("a watch that is refused, lies or ends at once is an error, and the list is asked for again behind it") {
  auto const check = [](std::string const& stream, bool close, std::string const& complaint) {
    beside_server([&](net::loop& l, http_double& server) -> net::awaitable<void> {
      server.answers(watched_with(stream, close));
      auto const asked = source_of(l, "kubernetes", {server.url()}, in_shop);
      auto told = co_await asked->discover(ask::news);
      told = co_await asked->discover(ask::news);
      CHECK(outcome(told) == complaint);
      told = co_await asked->discover(ask::news);
      auto const& all = server.requests();
      auto const listed = std::count_if(all.begin(), all.end(),
                                        [](auto const& r) { return r.target.find("&watch=1") == std::string::npos; });
      CHECK(listed == 2);
    });
  };
  check(http_says(403, R"({"message":"no right to watch"})"), false,
        R"(status 403, '{"message":"no right to watch"}')");
  check(http_chunked() + http_chunk("garbage\n"), false, "the answer is not JSON at byte 1");
  check(http_chunked() + "0\r\n\r\n", false, "the answer is over");
  check(http_chunked() + event("BOOKMARK", R"({"metadata":{"resourceVersion":"12"}})") + "0\r\n\r\n", false,
        "the answer is over");
  check(http_chunked() + event("ERROR", R"({"code":500,"message":"no quorum"})"), false,
        "the server ends the watch: no quorum");
}

TEST_CASE("whatever Kubernetes says instead of a list is an error, and does no harm") {
  survives_lies("kubernetes", list(slice("a", "5")), one, in_shop);
}

TEST_CASE("the next API server is asked when one is gone, slow or broken") {
  fails_over("kubernetes", list(slice("a", "5")), one, in_shop);
}
