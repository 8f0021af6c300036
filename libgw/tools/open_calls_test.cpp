#include "tools/open_calls.hpp"

#include "testing/catch.hpp"

using namespace gw::tools;

namespace {

/// Calls 1 to 3 were sent as messages 11 to 13: how many are open behind `message`.
void check(std::string_view message, std::size_t left) {
  CAPTURE(message);
  open_calls calls;
  for (std::uint64_t id = 1; id <= 3; ++id) calls.add(id, id + 10);
  calls.take(message);
  CHECK(calls.count() == left);
}

}  // namespace

TEST_CASE("A call is open until a message carries its id") {
  check(R"({"data":"hi","id":2})", 2);
  check(R"({"data":"hi","id":4})", 3);
  check(R"({"data":"hi","id":"2"})", 3);
  check(R"({"push":2})", 3);
  check(R"({"data":{"id":2}})", 3);
  check("2", 3);
  check("not json", 3);
}

TEST_CASE("An error frame closes the calls that it is about") {
  check(R"({"data":{"id":3},"error":{"gw":1,"seq":13}})", 2);
  check(R"({"data":{},"error":{"gw":1,"seq":12}})", 2);
  check(R"({"data":{},"error":{"gw":1,"seq":2}})", 3);
  check(R"({"data":{},"error":{"gw":1,"seqFrom":12,"seqTo":20}})", 1);
  check(R"({"data":{},"error":{"gw":1,"seqFrom":20,"seqTo":12}})", 3);
  check(R"({"data":{"id":3},"error":{"seq":13}})", 3);
}
