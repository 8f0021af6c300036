#include "core/base64.hpp"
#include "discovery/registry_world_test.hpp"

#include <fmt/format.h>

#include <string>

using namespace gw;
using namespace gw::discovery;
using testing::http_chunk;
using testing::http_chunked;

namespace {

std::string kv(std::string const& key, std::string const& value) {
  return fmt::format(R"({{"key":"{}","value":"{}"}})", base64_encode(key), base64_encode(value));
}

std::string range() {
  return fmt::format(R"({{"header":{{"revision":"7"}},"kvs":[{}],"count":"1"}})",
                     kv("/services/order/5", R"({"addr":"10.0.0.5:9001"})"));
}

std::string line(std::string const& members) {
  return http_chunk(fmt::format("{{\"result\":{{\"header\":{{\"revision\":\"8\"}}{}}}}}\n", members));
}

std::string put(std::string const& id) {
  return line(fmt::format(R"(,"events":[{{"kv":{}}}])", kv("/services/order/" + id, "10.0.0." + id + ":9001")));
}

void with_prefix(config::discovery& settings) {
  settings.prefix = "/services";
}

http_double::answer watched_with(std::string const& stream) {
  return [stream](http_double::request const& r) { return reply{r.target == "/v3/watch" ? stream : http_ok(range())}; };
}

constexpr auto one = "order: 5=10.0.0.5:9001";

}  // namespace

TEST_CASE("etcd is asked for a range, then watched behind its revision") {
  beside_server([](net::loop& l, http_double& server) -> net::awaitable<void> {
    server.answers(watched_with(http_chunked() + line(R"(,"created":true)") + put("6")));
    auto const asked = source_of(l, "etcd", {server.url()}, with_prefix);
    auto told = co_await asked->discover(ask::everything);
    CHECK(outcome(told) == one);
    CHECK(server.requests()[0].method == "POST");
    CHECK(server.requests()[0].body == R"({"key":"L3NlcnZpY2VzLw==","range_end":"L3NlcnZpY2VzMA=="})");
    told = co_await asked->discover(ask::news);
    CHECK(outcome(told) == "order: 5=10.0.0.5:9001, 6=10.0.0.6:9001");
    CHECK(server.requests()[1].body.find(R"("start_revision":"8")") != std::string::npos);
    server.pushes(line(fmt::format(R"(,"events":[{{"type":"DELETE","kv":{}}}])", kv("/services/order/6", ""))));
    told = co_await asked->discover(ask::news);
    CHECK(outcome(told) == one);
    CHECK(server.requests().size() == 2);
    // Everything is asked for anew, and the watch begun anew behind it.
    told = co_await asked->discover(ask::everything);
    CHECK(outcome(told) == one);
    told = co_await asked->discover(ask::news);
    CHECK(server.requests().size() == 4);
  });
}

TEST_CASE("a compacted revision is listed again, and an error of the watch is one") {
  beside_server([](net::loop& l, http_double& server) -> net::awaitable<void> {
    server.answers(watched_with(http_chunked() + line(R"(,"canceled":true,"compact_revision":"9")")));
    auto const asked = source_of(l, "etcd", {server.url()}, with_prefix);
    auto told = co_await asked->discover(ask::everything);
    told = co_await asked->discover(ask::news);
    CHECK(outcome(told) == one);
    CHECK(server.requests().size() == 3);
    CHECK(server.requests()[2].target == "/v3/kv/range");
    // A server to which its own list is too old is not asked for it again and again.
    told = co_await asked->discover(ask::news);
    CHECK(outcome(told) == "what was just listed is too old");
    told = co_await asked->discover(ask::everything);
    CHECK(outcome(told) == one);
    server.answers(watched_with(http_chunked() + http_chunk("{\"error\":{\"message\":\"no leader\"}}\n")));
    told = co_await asked->discover(ask::news);
    CHECK(outcome(told) == "etcd ends the watch: no leader");
  });
}

TEST_CASE("a watch of etcd that is waited for ends when the source is stopped") {
  beside_server([](net::loop& l, http_double& server) -> net::awaitable<void> {
    source* watching = nullptr;
    server.answers([&watching](http_double::request const& r) {
      if (r.target != "/v3/watch") return reply{http_ok(range())};
      watching->stop();
      return reply{};
    });
    auto const asked = source_of(l, "etcd", {server.url()}, with_prefix);
    watching = asked.get();
    auto told = co_await asked->discover(ask::everything);
    told = co_await asked->discover(ask::news);
    CHECK(told.error().code == errc::closed);
  });
}

TEST_CASE("whatever etcd says instead of a range is an error, and does no harm") {
  survives_lies("etcd", range(), one, with_prefix);
}

TEST_CASE("the next etcd server is asked when one is gone, slow or broken") {
  fails_over("etcd", range(), one, with_prefix);
}
