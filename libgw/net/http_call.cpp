#include "net/http_call.hpp"

#include "core/base64.hpp"
#include "core/letters.hpp"
#include "net/gunzip.hpp"
#include "net/http_io.hpp"
#include "net/stream.hpp"
#include "net/tls_engine.hpp"
#include "wire/strict_head.hpp"
#include "wire/strict_head_lexis.hpp"

#include <fmt/format.h>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <algorithm>
#include <optional>

namespace gw::net {
namespace {

namespace http = boost::beast::http;

constexpr std::size_t most_addresses = 3;
// A chunk's header or a trailer that the parser waits for the end of; it has no limit of its own.
constexpr std::size_t largest_unparsed = 16 * 1024;

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 127; });
}

}  // namespace

struct http_client::exchange {
  explicit exchange(loop& where) : connection(where) {}

  /// Gives the parser what it takes of `unparsed`.
  boost::system::error_code parse() {
    boost::system::error_code failure;
    while (!unparsed.empty() && !parser->is_done()) {
      auto const used = parser->put(boost::asio::buffer(unparsed.data(), unparsed.size()), failure);
      unparsed.erase(0, used);
      if (failure == http::error::need_more) {
        failure = {};
        break;
      }
      if (failure) break;
    }
    if (!failure && unparsed.size() > largest_unparsed) failure = http::error::header_limit;
    return failure;
  }

  std::string& body() { return parser->get().body(); }
  bool is_done() const { return parser->is_done(); }

  stream connection;
  bool answered = false;  // a byte came since the question
  std::optional<http::response_parser<http::string_body>> parser;
  std::string unparsed;
  std::size_t searched = 0;  // of the body, for the end of a line
};

std::string_view http_answer::field(std::string_view name) const noexcept {
  for (auto const& [known, value] : fields) {
    if (same_letters(known, name)) return value;
  }
  return {};
}

http_client::http_client(loop& where, http_url server, std::shared_ptr<tls_context const> tls, http_limits limits)
    : loop_(where), names_(where), server_(std::move(server)), tls_(std::move(tls)), limits_(limits) {}

http_client::~http_client() = default;

error http_client::failed(errc code, std::string_view what, std::error_code cause) const {
  return {code, side::upstream, fmt::format("{}: {}", asked_, what), cause};
}

error http_client::closed() const {
  return {errc::closed, side::gateway, fmt::format("{}: called off", asked_), {}};
}

void http_client::drop() noexcept {
  streaming_ = false;
  exchange_.reset();
}

void http_client::close() noexcept {
  closed_ = true;
  names_.stop();
  if (exchange_) exchange_->connection.close();
}

result<std::string> http_client::request_text(http_question const& question) const {
  bool clean = !has_control_character(question.target) && question.target.find(' ') == std::string::npos;
  for (auto const& [name, value] : question.fields) {
    clean = clean && !has_control_character(name) && !has_control_character(value);
  }
  if (!clean) return failed(errc::bad_config, "the request holds a control character or a blank");
  auto text = fmt::format("{} {}{} HTTP/1.1\r\nHost: {}\r\nUser-Agent: wsgw\r\n", question.method, server_.path,
                          question.target, server_.authority());
  if (!server_.credentials.empty()) {
    text += fmt::format("Authorization: Basic {}\r\n", base64_encode(server_.credentials));
  }
  for (auto const& [name, value] : question.fields) text += fmt::format("{}: {}\r\n", name, value);
  if (question.method != "GET" || !question.body.empty()) {
    text += fmt::format("Content-Length: {}\r\n", question.body.size());
  }
  return text + "\r\n" + question.body;
}

awaitable<result<http_answer>> http_client::call(http_question question) {
  question.fields.emplace_back("Accept-Encoding", "gzip");
  auto answer = co_await ask(std::move(question), false);
  if (!answer || !same_letters(answer->field("Content-Encoding"), "gzip")) co_return answer;
  auto plain = gunzip(answer->body, limits_.body);
  if (!plain) co_return failed(plain.error().code, plain.error().context);
  answer->body = std::move(*plain);
  co_return answer;
}

awaitable<result<http_answer>> http_client::open(http_question question) {
  drop();
  auto answer = co_await ask(std::move(question), true);
  co_return answer;
}

awaitable<result<http_answer>> http_client::ask(http_question question, bool stream) {
  streaming_ = false;
  asked_ = fmt::format("{} {}{}", question.method, server_.text(), question.target);
  auto const request = request_text(question);
  if (!request) co_return request.error();
  for (;;) {
    bool const kept = exchange_ != nullptr;
    auto answer = co_await ask_once(*request, stream);
    bool const outdated = kept && !answer && exchange_ && !exchange_->answered && exchange_->connection.is_open();
    if (!answer || !streaming_) {
      bool const keep = answer && exchange_->parser->keep_alive() && exchange_->unparsed.empty();
      if (!keep) exchange_.reset();
    }
    if (closed_) co_return closed();
    if (!outdated) co_return answer;
  }
}

awaitable<result<http_answer>> http_client::ask_once(std::string request, bool stream) {
  if (closed_) co_return closed();
  if (!exchange_) {
    if (auto const connected = co_await connect(); !connected) co_return connected.error();
  }
  auto& e = *exchange_;
  e.answered = false;
  deadline const in_time(loop_, e.connection, limits_.answer);
  http_answer answer;
  auto done = co_await e.connection.write(request);
  // A server may answer and close before it has read everything.
  if (done || e.connection.is_open()) done = co_await read_answer_head(answer, stream);
  if (done && stream && answer.status == 200) {
    streaming_ = true;
  } else if (done) {
    done = co_await read_body(answer);
  }
  if (in_time.passed()) co_return failed(errc::connect_timeout, "no answer in time");
  if (!done) co_return done.error();
  co_return answer;
}

awaitable<result<>> http_client::connect() {
  auto const found = co_await names_.resolve(server_.host, std::max(limits_.connect, resolver::usual_limit));
  if (closed_) co_return closed();
  if (!found) {
    bool const late = found.error().code == errc::timeout;
    co_return failed(late ? errc::connect_timeout : errc::connect_failed, describe(found.error()));
  }
  result<> done = failed(errc::connect_failed, "the host has no address");
  for (std::size_t i = 0; i < std::min(found->size(), most_addresses) && !done; ++i) {
    if (closed_) co_return closed();
    done = co_await connect_to((*found)[i]);
    if (!done) exchange_.reset();
  }
  co_return done;
}

awaitable<result<>> http_client::connect_to(std::string ip) {
  auto const to = address::of_ip(ip, server_.port);
  if (!to) co_return failed(errc::connect_failed, to.error().context);
  exchange_ = std::make_unique<exchange>(loop_);
  auto& connection = exchange_->connection;
  deadline const in_time(loop_, connection, limits_.connect);
  auto done = co_await connection.connect(*to);
  if (done && server_.secure) {
    auto engine = std::make_unique<tls_engine>(tls_, false, server_.host);
    done = co_await connection.secure(std::move(engine));
  }
  if (done) co_return done;
  auto const code = in_time.passed() ? errc::connect_timeout : errc::connect_failed;
  auto const what = in_time.passed() ? "cannot be connected in time" : "cannot be connected";
  auto const& why = done.error().context;
  co_return failed(code, fmt::format("{} {}{}{}", to->text(), what, why.empty() ? "" : ", ", why), done.error().cause);
}

awaitable<result<>> http_client::read_answer_head(http_answer& answer, bool stream) {
  auto& e = *exchange_;
  received_head received;
  auto const read = co_await read_final_head(e.connection, received, limits_.head);
  e.answered = received.interim > 0 || !received.bytes.empty();
  if (!read && read.error().code == errc::bad_handshake) {
    co_return failed(errc::handshake_rejected, "the head of the answer is larger than allowed");
  }
  if (!read) co_return failed(errc::connect_failed, "the connection ends without an answer", read.error().cause);
  auto const head = wire::judge_response(received.head());
  if (!head) co_return failed(errc::handshake_rejected, head.error().why);
  if (head->status < 200) {
    auto const* const what = head->status == 101 ? "a 101 that nobody asked for" : "interim answers without end";
    co_return failed(errc::handshake_rejected, what);
  }
  answer.status = head->status;
  for (auto const& [name, value] : head->fields) answer.fields.emplace_back(name, value);
  bool const endless = stream && head->status == 200 && head->count("Content-Length") == 0;
  e.parser.emplace();
  e.parser->eager(true);
  e.parser->header_limit(static_cast<std::uint32_t>(limits_.head) + 1);
  if (endless) {
    e.parser->body_limit(boost::none);
  } else {
    e.parser->body_limit(limits_.body);
  }
  e.searched = 0;
  e.unparsed = std::move(received.bytes);
  co_return judge(e.parse());
}

result<> http_client::judge(boost::system::error_code const& parsed) const {
  if (!parsed) return {};
  if (parsed == http::error::body_limit) return failed(errc::upstream_too_big, "the answer is larger than allowed");
  return failed(errc::handshake_rejected, "the answer is broken", parsed);
}

/// Adds what comes to the body, or finds that it has ended.
awaitable<result<>> http_client::read_more() {
  auto& e = *exchange_;
  auto const read = co_await e.connection.append_some(e.unparsed);
  boost::system::error_code failure;
  if (read) {
    failure = e.parse();
  } else if (read.error().code == errc::closed && e.connection.is_open()) {
    e.parser->put_eof(failure);
  } else {
    co_return failed(errc::connect_failed, "the connection breaks in the answer", read.error().cause);
  }
  co_return judge(failure);
}

awaitable<result<>> http_client::read_body(http_answer& answer) {
  auto& e = *exchange_;
  while (!e.is_done()) {
    if (auto const more = co_await read_more(); !more) co_return more;
  }
  answer.body = std::move(e.body());
  co_return result<>();
}

bool http_client::has_line() const noexcept {
  return streaming_ && exchange_->body().find('\n', exchange_->searched) != std::string::npos;
}

awaitable<result<std::string>> http_client::next_line(duration idle) {
  if (closed_) co_return closed();
  if (!streaming_) co_return error{errc::closed, side::upstream, fmt::format("{}: the answer is over", asked_), {}};
  auto& e = *exchange_;
  deadline const in_time(loop_, e.connection, idle);
  result<> done;
  auto end = std::string::npos;
  while (done && (end = e.body().find('\n', e.searched)) == std::string::npos && !e.is_done()) {
    e.searched = e.body().size();
    if (e.searched > limits_.body) {
      done = failed(errc::upstream_too_big, "a line of the answer is longer than allowed");
    } else {
      done = co_await read_more();
    }
  }
  if (end != std::string::npos) {
    auto line = e.body().substr(0, end);
    e.body().erase(0, end + 1);
    e.searched = 0;
    if (line.ends_with('\r')) line.pop_back();
    co_return line;
  }
  drop();
  if (closed_) co_return closed();
  if (in_time.passed()) co_return error{errc::timeout, side::upstream, fmt::format("{}: silence", asked_), {}};
  if (!done) co_return done.error();
  co_return error{errc::closed, side::upstream, fmt::format("{}: the answer is over", asked_), {}};
}

}  // namespace gw::net
