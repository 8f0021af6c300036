#include "tools/repl.hpp"

#include "testing/catch.hpp"

using namespace gw::tools;

namespace {

/// What a line came to, as one text.
std::string told(repl_order const& order) {
  switch (order.what) {
    case repl_order::kind::nothing:
      return order.say;
    case repl_order::kind::act:
      return order.deed.what == step::kind::send     ? "send " + order.deed.text
             : order.deed.what == step::kind::binary ? "binary " + order.deed.text
                                                     : order.deed.where() + " " + order.deed.value;
    case repl_order::kind::send_binary:
      return "file " + order.path;
    case repl_order::kind::save:
      return "save " + order.path;
    case repl_order::kind::leave:
      return "leave";
  }
  return {};
}

void check(std::vector<std::string_view> const& lines, std::vector<std::string_view> const& orders) {
  CAPTURE(lines);
  repl r({});
  std::vector<std::string> got;
  for (auto const line : lines) got.push_back(told(r.take(line)));
  CHECK(got == std::vector<std::string>(orders.begin(), orders.end()));
}

void check_complete(repl const& r, std::string_view line, std::size_t begin, std::vector<std::string> const& words) {
  CAPTURE(line);
  auto const found = r.complete(line);
  CHECK(found.words == words);
  if (!words.empty()) CHECK(found.begin == begin);
}

std::string show_message(repl& r, std::string_view text) {
  return r.show({.what = client_event::kind::message, .at_ms = 1234, .text = text});
}

}  // namespace

TEST_CASE("A line is a message, a command is not") {
  check({"hello", "", "  hi there  "}, {"send hello", "", "send hi there"});
  check({"/call echo/a {\"x\":1}", "/ping", "/close", "/close 4001", "/quit"},
        {"--call /api/v1/echo/a {\"x\":1}", "ping ", "close 1000 ", "close 4001 ", "leave"});
  check({"/binary a b.bin", "/save x"}, {"file a b.bin", "no message has come yet"});
}

TEST_CASE("A command that is wrong is answered with the reason") {
  check({"/pong", "/call echo", "/close 5", "/binary", "/call echo/a hi"},
        {"there is no command /pong; did you mean '/ping'?",
         "'echo' is not SERVICE/PATH; write for example: echo/hello '\"hi\"'", "'5' is not a close code (1000 to 4999)",
         "a file is missing; write /binary FILE", "'hi' is not JSON; a string needs its quotes: '\"hi\"'"});
}

TEST_CASE("JSON over several lines is one message") {
  check({"{", "  \"a\": \"}\",", "  \"b\": [1,", "2]", "}", "x"},
        {"", "", "", "", "send {\n  \"a\": \"}\",\n  \"b\": [1,\n2]\n}", "send x"});
  check({"[1,", "/help ]"}, {"", "send [1,\n/help ]"});
  check({"{\"a\\\"}\":", "1}"}, {"", "send {\"a\\\"}\":\n1}"});
  check({"{", "", "x"}, {"", "send {", "send x"});
  repl r({});
  CHECK(r.prompt() == "> ");
  r.take("{");
  CHECK(r.prompt() == ". ");
  r.take("}");
  CHECK(r.prompt() == "> ");
}

TEST_CASE("Commands and services are completed") {
  repl const r({"order", "chat", "other"});
  check_complete(r, "/", 0, {"/binary ", "/call ", "/close ", "/help", "/ping", "/quit", "/save ", "/stats"});
  check_complete(r, "/c", 0, {"/call ", "/close "});
  check_complete(r, "/call ", 6, {"chat/", "order/", "other/"});
  check_complete(r, "/call o", 6, {"order/", "other/"});
  check_complete(r, "/call x", 6, {});
  check_complete(r, R"({"method":"/api/v1/c)", 19, {"chat/"});
  check_complete(r, "hello", 0, {});
}

TEST_CASE("Services are learnt from what is said") {
  repl r({});
  r.take("/call order/get 1");
  r.take(R"({"method":"/api/v1/chat/say"})");
  show_message(r, R"({"service":"echo","n":1})");
  show_message(r, R"({"error":{"gw":1,"code":"NO_INSTANCE","service":"stock"}})");
  show_message(r, R"({"service":"not a name\u001b"})");
  check_complete(r, "/call ", 6, {"chat/", "echo/", "order/", "stock/"});
}

TEST_CASE("A message is shown with its time, size and service, its JSON indented") {
  repl r({});
  CHECK(show_message(r, R"({"service":"echo","b":1,"a":[]})") ==
        "< 1.234 s  31 bytes  echo\n{\n  \"service\": \"echo\",\n  \"b\": 1,\n  \"a\": []\n}");
  CHECK(show_message(r, "plain") == "< 1.234 s  5 bytes\nplain");
  CHECK(r.latest() == "plain");
  CHECK(told(r.take("/save out.txt")) == "save out.txt");
  CHECK(told(r.take("/stats")) == "sent 0 messages, 0 bytes; received 2 messages, 36 bytes; in 1.234 s");
}

TEST_CASE("What is shown cannot harm a terminal") {
  repl r({});
  CHECK(show_message(r, "\x1b[2J") == "< 1.234 s  4 bytes\n\\x1b[2J");
  auto const json = show_message(r, "{\"service\":\"\\u001b\",\"x\":\"\u009b\"}");
  CHECK(json.find('\x1b') == std::string::npos);
  CHECK(json.find("\u009b") == std::string::npos);
  auto const closed = r.show({.what = client_event::kind::close, .at_ms = 2000, .text = "\x1b[0m", .code = 4000});
  CHECK(closed == "* 2.000 s  closed by the server: 4000 (a code of the application), reason '\\x1b[0m'");
}

TEST_CASE("Error frames, pings and further tries are put into words") {
  repl r({});
  auto const frame =
      R"({"message":"no healthy instance","error":{"gw":1,"code":"NO_INSTANCE","http":503,"sent":false}})";
  CHECK_THAT(show_message(r, frame), Catch::EndsWith("\n  NO_INSTANCE: no healthy instance (HTTP 503; not sent)"));
  CHECK(r.show({.what = client_event::kind::open}) == "* 0.000 s  open");
  CHECK(r.show({.what = client_event::kind::pong, .at_ms = 5, .took_ms = 1.25}) == "* 0.005 s  pong after 1.2 ms");
  CHECK(r.show({.what = client_event::kind::retry, .at_ms = 5, .text = "refused", .took_ms = 100}) ==
        "* 0.005 s  refused; the next try is in 0.1 s");
  CHECK(r.show({.what = client_event::kind::wait, .at_ms = 1000, .text = "a connection"}) ==
        "* 1.000 s  waiting for a connection");
}

TEST_CASE("A message that is very large is cut") {
  repl r({});
  auto const text = show_message(r, "{\"a\":\"" + std::string(100'000, 'x') + "\"}");
  CHECK(text.size() < 20'000);
  CHECK_THAT(text, Catch::EndsWith("... (100008 bytes; /save FILE keeps them)"));
}
