#include "route/hash_source.hpp"

#include "testing/catch.hpp"

#include <string>

using namespace gw;

namespace {

std::string source_of(std::string_view hash_on, std::string_view client = "10.0.0.7") {
  auto const head = wire::judge_request(
      "GET /ws?tenant=a%20b&empty= HTTP/1.1\r\nHost: h\r\nX-User: ann\r\nCookie: theme=dark; id=42\r\n\r\n");
  REQUIRE(head.has_value());
  auto const target = wire::judge_target(head->target);
  REQUIRE(target.has_value());
  return route::hash_source_of(hash_on, {.head = *head, .target = *target, .client = client}).value_or("none");
}

}  // namespace

TEST_CASE("what an instance is chosen by is the address of the client or a part of its handshake") {
  CHECK(source_of("client") == "10.0.0.7");
  CHECK(source_of("client", "::1") == "::1");
  CHECK(source_of("header:x-user") == "ann");
  CHECK(source_of("cookie:id") == "42");
  CHECK(source_of("query:tenant") == "a b");
}

TEST_CASE("who does not have it is chosen for without") {
  CHECK(source_of("client", "unix") == "none");
  CHECK(source_of("header:X-Tenant") == "none");
  CHECK(source_of("cookie:Id") == "none");
  CHECK(source_of("query:empty") == "none");
  CHECK(source_of("query:user") == "none");
}
