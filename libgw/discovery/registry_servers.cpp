#include "discovery/registry_servers.hpp"

#include "config/files.hpp"
#include "core/trimmed.hpp"
#include "net/http_url.hpp"
#include "net/tls_context.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace gw::discovery {
namespace {

constexpr std::size_t largest_line = 64 * 1024;
constexpr std::size_t shown_of_a_body = 200;

/// What the server says about it, as far as it can be shown.
std::string in_words(std::string_view body) {
  auto text = std::string(trimmed(body.substr(0, std::min(body.size(), body.find('\n')))));
  if (text.size() > shown_of_a_body) text.resize(shown_of_a_body);
  bool const plain = std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 127; });
  return plain && !text.empty() ? ", '" + text + "'" : std::string();
}

}  // namespace

result<std::unique_ptr<registry_servers>> registry_servers::make(net::loop& where, config::discovery const& settings,
                                                                 duration patience) {
  std::unique_ptr<registry_servers> made(new registry_servers);
  std::shared_ptr<net::tls_context const> tls;
  net::http_limits limits;
  limits.connect = settings.connect_timeout;
  limits.answer = settings.read_timeout + patience;
  for (auto const& text : settings.urls) {
    auto const url = net::parse_http_url(text);
    if (!url) return url.error();
    if (url->secure && !tls) {
      auto const context = net::tls_context::client({.verify = settings.tls.verify, .ca_file = settings.tls.ca});
      if (!context) return context.error();
      tls = *context;
    }
    made->clients_.push_back(std::make_unique<net::http_client>(where, *url, tls, limits));
  }
  if (made->clients_.empty()) {
    return error{errc::bad_config, side::gateway, "there is no URL; write urls = [\"http://host:port\"]", {}};
  }
  return made;
}

net::awaitable<result<net::http_answer>> registry_servers::call(net::http_question question,
                                                                std::vector<int> unwilling) {
  auto answer = co_await ask(std::move(question), std::move(unwilling), false);
  co_return answer;
}

net::awaitable<result<net::http_answer>> registry_servers::open(net::http_question question) {
  std::vector<int> const none;
  auto answer = co_await ask(std::move(question), none, true);
  co_return answer;
}

net::awaitable<result<net::http_answer>> registry_servers::ask(net::http_question question, std::vector<int> unwilling,
                                                               bool stream) {
  result<net::http_answer> answer = net::http_answer{};
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    auto& client = current();
    if (stream) {
      answer = co_await client.open(question);
    } else {
      answer = co_await client.call(question);
    }
    if (!answer && answer.error().code == errc::closed) break;
    if (answer) {
      auto const status = answer->status;
      if (status < 500 && std::find(unwilling.begin(), unwilling.end(), status) == unwilling.end()) break;
      answer = unexpected(client, *answer);
    }
    current_ = (current_ + 1) % clients_.size();
  }
  co_return answer;
}

void registry_servers::close() noexcept {
  for (auto const& client : clients_) client->close();
}

error unexpected(net::http_client const& from, net::http_answer const& answer) {
  return {errc::handshake_rejected,
          side::upstream,
          fmt::format("{}: status {}{}", from.asked(), answer.status, in_words(answer.body)),
          {}};
}

error unusable(net::http_client const& from, error why) {
  why.context = fmt::format("{}: {}", from.asked(), why.context);
  return why;
}

std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (char const c : text) {
    bool const plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
                       c == '.' || c == '_' || c == '~';
    encoded += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return encoded;
}

result<std::string> line_of_file(std::string const& path) {
  auto const text = config::read_file(path, largest_line);
  if (!text) return error{errc::bad_config, side::gateway, fmt::format("{}: {}", path, text.error().context), {}};
  return std::string(trimmed(*text));
}

}  // namespace gw::discovery
