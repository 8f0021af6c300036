#include "tools/envelope.hpp"

#include "testing/catch.hpp"

using namespace gw::tools;

namespace {

void check_envelope(std::string_view request, std::string_view rest) {
  CAPTURE(request);
  auto const expected = R"({"service":"order","instance":"order-2","n":7,)" + std::string(rest) + "}";
  CHECK(make_envelope({.service = "order", .instance = "order-2", .n = 7}, request) == expected);
}

}  // namespace

TEST_CASE("An envelope holds the method, the data and the id as they came") {
  check_envelope(R"({"method":"/api/v1/order/get","data":"x"})", R"("method":"/api/v1/order/get","data":"x")");
  check_envelope(R"({"id":42,"data":{"a":[1,2 ],"b":"}\"]"},"method":"m"})",
                 R"("method":"m","data":{"a":[1,2 ],"b":"}\"]"},"id":42)");
  check_envelope(R"( { "data" : 1.50e3 , "id":"a\u0062" } )", R"("method":null,"data":1.50e3,"id":"a\u0062")");
  check_envelope(R"({"method":null,"data":[],"deep":{"data":1,"id":2}})", R"("method":null,"data":[])");
  check_envelope("{}", R"("method":null,"data":null)");
}

TEST_CASE("A text that is not an object becomes the data of its envelope") {
  check_envelope("hello", R"("method":null,"data":"hello")");
  check_envelope(R"({"method":)", R"("method":null,"data":"{\"method\":")");
  check_envelope("", R"("method":null,"data":"")");
  check_envelope(" [1, 2]\n", R"("method":null,"data":[1, 2])");
  check_envelope("true", R"("method":null,"data":true)");
}

TEST_CASE("An envelope copes with any depth") {
  std::string const deep(100'000, '[');
  auto const nested = deep + std::string(100'000, ']');
  check_envelope(R"({"data":)" + nested + "}", R"("method":null,"data":)" + nested);
}
