#include "wire/upgrade.hpp"

#include "core/random.hpp"
#include "wire/deflate_offer.hpp"
#include "wire/strict_head_lexis.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>
#include <new>
#include <numeric>
#include <stdexcept>
#include <utility>

namespace gw::wire {
namespace {

constexpr std::size_t max_protocols = 16;

constexpr head_fault bad(std::string_view why) noexcept {
  return {400, why};
}
constexpr head_fault bad_answer(std::string_view why) noexcept {
  return {502, why};
}

std::string base64(std::span<unsigned char const> bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');  // OpenSSL ends it with a NUL
  ::EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes.data(), static_cast<int>(bytes.size()));
  out.pop_back();
  return out;
}

/// Sixteen bytes take 22 characters and `==`. That the last four bits are zero is not asked for: the key is only
/// hashed as it stands, and simple clients draw 22 random characters.
bool is_key(std::string_view key) noexcept {
  return key.size() == 24 && key.ends_with("==") && std::all_of(key.begin(), key.end() - 2, [](char c) {
           return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') || c == '+' || c == '/';
         });
}

/// All elements of all Upgrade fields; the list must be exactly `websocket`.
bool upgrades_to_websocket_only(head_fields const& head) noexcept {
  std::size_t elements = 0;
  for (auto const& [name, value] : head.fields) {
    if (same_name(name, "upgrade"))
      elements += 1 + static_cast<std::size_t>(std::count(value.begin(), value.end(), ','));
  }
  return elements == 1 && head.has_token("upgrade", "websocket");
}

judged<std::vector<std::string_view>> read_protocols(head_fields const& head) {
  std::vector<std::string_view> protocols;
  for (auto const& [name, value] : head.fields) {
    if (!same_name(name, "sec-websocket-protocol")) continue;
    auto rest = value;
    while (auto const protocol = next_element(rest)) {
      if (protocols.size() == max_protocols) return bad("more than 16 subprotocols are offered");
      if (!is_token(*protocol)) return bad("an offered subprotocol is not a token");
      if (std::find(protocols.begin(), protocols.end(), *protocol) != protocols.end()) {
        return bad("a subprotocol is offered twice");
      }
      protocols.push_back(*protocol);
    }
  }
  return protocols;
}

std::string join(std::span<std::string const> words) {
  std::string out;
  for (auto const& word : words) out.append(out.empty() ? "" : ", ").append(word);
  return out;
}

}  // namespace

judged<websocket_request> judge_upgrade(request_head const& head) {
  if (head.method != "GET") return head_fault{405, "a WebSocket is opened with GET"};
  if (head.minor == 0) return bad("a WebSocket needs HTTP/1.1");
  if (!head.has_token("upgrade", "websocket")) return head_fault{426, "this resource is a WebSocket"};
  if (!upgrades_to_websocket_only(head)) return bad("Upgrade must be exactly 'websocket'");
  if (!head.has_token("connection", "upgrade")) return bad("Connection does not list 'upgrade'");
  if (head.count("sec-websocket-version") != 1 || head.get("sec-websocket-version") != "13") {
    return head_fault{426, "the WebSocket version must be 13"};
  }
  if (head.count("sec-websocket-key") != 1 || !is_key(head.get("sec-websocket-key"))) {
    return bad("there must be one Sec-WebSocket-Key, the base64 of 16 bytes");
  }
  if (head.announces_body()) return bad("a WebSocket handshake has no body");
  auto const origins = head.count("origin");
  if (origins > 1 || (origins == 1 && head.get("origin").empty())) return bad("Origin is empty or stands twice");
  auto protocols = read_protocols(head);
  if (!protocols) return protocols.error();
  return websocket_request{head.get("sec-websocket-key"), *std::move(protocols), head.get("origin")};
}

namespace {

/// Kept, because to look the algorithm up costs more than to use it.
class sha1 {
 public:
  sha1()
      : algorithm_(EVP_MD_fetch(nullptr, "SHA1", nullptr), EVP_MD_free), context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    if (!algorithm_) throw std::runtime_error("OpenSSL has no SHA-1, which RFC 6455 needs");
    if (!context_) throw std::bad_alloc();
  }

  /// Valid until the next one.
  std::span<unsigned char const> of(std::string_view text) {
    unsigned size = 0;
    bool const done = EVP_DigestInit_ex2(context_.get(), algorithm_.get(), nullptr) == 1 &&
                      EVP_DigestUpdate(context_.get(), text.data(), text.size()) == 1 &&
                      EVP_DigestFinal_ex(context_.get(), digest_.data(), &size) == 1;
    if (!done) throw std::bad_alloc();
    return std::span(digest_).first(size);
  }

 private:
  std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> algorithm_;
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest_;
};

}  // namespace

std::string accept_key(std::string_view key) {
  std::string text(key);
  text += "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  // tidy: global: a tool, put back as it was found
  thread_local sha1 digest;
  return base64(digest.of(text));
}

std::string make_key() {
  std::array<unsigned char, 16> bytes{};
  fill_random(bytes);
  return base64(bytes);
}

namespace {

// Of a head besides what varies greatly in length.
constexpr std::size_t usual_head = 256;

/// A head with its last line; none if it could not be written.
std::string ended(std::string head, bool complete) {
  if (!complete) return {};
  head.append("\r\n");
  return head;
}

}  // namespace

std::string make_upgrade_response(std::string_view accept, std::string_view protocol, std::string_view extension,
                                  std::string_view cookie) {
  std::string out;
  out.reserve(usual_head + cookie.size());
  out.append("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n");
  bool complete = append_field(out, "Sec-WebSocket-Accept", accept).has_value();
  if (!protocol.empty()) complete = complete && append_field(out, "Sec-WebSocket-Protocol", protocol).has_value();
  if (!extension.empty()) complete = complete && append_field(out, "Sec-WebSocket-Extensions", extension).has_value();
  if (!cookie.empty()) complete = complete && append_field(out, "Set-Cookie", cookie).has_value();
  return ended(std::move(out), complete);
}

std::string make_upgrade_request(std::string_view path_and_query, std::string_view host, std::string_view key,
                                 std::span<std::string const> protocols, std::span<owned_field const> fields) {
  auto const more = [](std::size_t sum, owned_field const& f) { return sum + f.name.size() + f.value.size() + 4; };
  std::string out;
  out.reserve(std::accumulate(fields.begin(), fields.end(), usual_head + path_and_query.size() + host.size(), more));
  out.append("GET ").append(path_and_query).append(" HTTP/1.1\r\n");
  bool complete = is_origin_form(path_and_query) && append_field(out, "Host", host).has_value();
  out.append("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n");
  complete = complete && append_field(out, "Sec-WebSocket-Key", key).has_value();
  if (!protocols.empty()) {
    complete = complete && append_field(out, "Sec-WebSocket-Protocol", join(protocols)).has_value();
  }
  for (auto const& [name, value] : fields) complete = complete && append_field(out, name, value).has_value();
  return ended(std::move(out), complete);
}

judged<> judge_upgrade_response(response_head const& head, std::string_view expected_accept,
                                std::span<std::string const> offered_protocols, bool offered_deflate) {
  if (head.status != 101) return bad_answer("the upstream did not switch protocols");
  if (head.minor == 0) return bad_answer("the upstream answers in HTTP/1.0");
  if (!upgrades_to_websocket_only(head)) return bad_answer("the upstream does not upgrade to a WebSocket");
  if (!head.has_token("connection", "upgrade")) return bad_answer("the upstream's Connection does not list 'upgrade'");
  if (head.count("sec-websocket-accept") != 1 || head.get("sec-websocket-accept") != expected_accept) {
    return bad_answer("the upstream's Sec-WebSocket-Accept does not answer our key");
  }
  if (head.count("sec-websocket-extensions") != 0 && !(offered_deflate && accepts_deflate_offer(head))) {
    return bad_answer("the upstream chose an extension nobody offered");
  }
  auto const chosen = head.count("sec-websocket-protocol");
  auto const protocol = head.get("sec-websocket-protocol");
  bool const offered =
      std::find(offered_protocols.begin(), offered_protocols.end(), protocol) != offered_protocols.end();
  if (chosen > 1 || (chosen == 1 && !offered)) return bad_answer("the upstream chose a subprotocol nobody offered");
  return {};
}

}  // namespace gw::wire
