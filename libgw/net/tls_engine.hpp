// One TLS connection without its socket: ciphertext in, plaintext out, and the reverse, on the caller's buffers.
// Used by net/stream during handshakes and HTTP heads, then by the data path on the worker's shared buffers.
// Must not know sockets, Asio, or what the bytes mean.
#pragma once

#include "net/tls_context.hpp"
#include "net/tls_session.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct bio_method_st;
struct bio_st;
struct ssl_st;

namespace gw::net {

enum class tls_status : std::uint8_t {
  ok,
  want_input,  ///< feed more ciphertext
  closed,      ///< close_notify came in (decrypt, handshake) or went out (encrypt)
  failed,      ///< for good; failure() says why, and take_output() may hold an alert for the peer
};

/// Belongs to one connection and one thread; does no I/O. Owns no record buffer while idle: OpenSSL allocates one when
/// a call begins to need it (not per record) and frees it before the call returns, unless it holds a part of a record.
/// (After a ticket or a key update of TLS 1.3, OpenSSL keeps one until the next encrypt().)
///
/// After every call send what has_output() announces, whatever the status: flights of the handshake, alerts,
/// close_notify. (The answer to a key update waits for the next record that encrypt() makes.)
///
/// The peer's bytes may end without `closed`: a truncation (RFC 8446 section 6.1), which only the socket's owner sees.
class tls_engine {
 public:
  /// Most plaintext that one record carries (RFC 8446 section 5.1).
  static constexpr std::size_t max_plaintext = 16 * 1024;
  /// Bound on what a record adds to its plaintext in any cipher suite that we accept (22 with TLS 1.3).
  static constexpr std::size_t max_record_overhead = 128;
  /// Bound on output made on the side after the handshake; a peer that provokes more without reading is cut off.
  static constexpr std::size_t max_side_output = 16 * 1024;
  /// Messages of the protocol itself (key updates, tickets) that may come after the handshake without a byte of
  /// plaintext between them: each costs us more than its sender, who is cut off beyond that.
  static constexpr int max_idle_messages = 64;

  /// `server`: our role, the same as the context's. `host` (client only): the name or IP address sent as SNI (names
  /// only, RFC 6066) and demanded of the certificate. A client that verifies must name a host, else it is `failed`.
  /// `resume` (client only): the session to go on with, if it holds one; takes every new one that the server offers.
  tls_engine(std::shared_ptr<tls_context const> const& context, bool server, std::string_view host = {},
             std::shared_ptr<tls_session> resume = nullptr);
  ~tls_engine();
  tls_engine(tls_engine const&) = delete;
  tls_engine& operator=(tls_engine const&) = delete;

  /// Goes on with the handshake and takes bytes from the front of `cipher`. A client calls it first with an empty span.
  /// `ok`: established; what is left in `cipher` is the first data, for decrypt(). `want_input`: `cipher` is used up.
  tls_status handshake(std::span<char const>& cipher);

  /// Decrypts from the front of `cipher` into `plain`, as much as fits; `written` is set in every case, bytes before a
  /// close or a failure included. The part of a record at the end of `cipher` is kept inside.
  /// `ok`: `plain` is full and there may be more, in `cipher` or inside: call again. `want_input`: `cipher` is used up
  /// and all its plaintext delivered. `closed`: what follows in `cipher` is to be ignored. Needs established().
  ///
  /// `cipher` may lie in the same buffer as `plain`, behind its beginning, if it begins at least max_plaintext bytes
  /// after it: a record's plaintext is written only after its ciphertext was taken, is shorter, and at most one
  /// record's plaintext is inside from earlier calls. Nothing is written beyond `written`.
  tls_status decrypt(std::span<char const>& cipher, std::span<char> plain, std::size_t& written);

  /// Encrypts from the front of `plain` into `out`, in records of at most max_plaintext bytes; waiting output goes
  /// first. `consumed` and `produced` are set in every case; no plaintext is kept.
  /// `ok`: `consumed` is less than `plain` only if `out` has not max_record_overhead + 1 bytes left. `want_input`: the
  /// peer stopped inside a message of the protocol itself; decrypt() must see the rest of it first. `closed`: after our
  /// close_notify(). Needs established(). `plain` and `out` must not overlap.
  tls_status encrypt(std::span<char const> plain, std::size_t& consumed, std::span<char> out, std::size_t& produced);

  bool has_output() const noexcept { return !side_output_.empty(); }

  /// Moves waiting output to `out`; returns the bytes moved.
  std::size_t take_output(std::span<char> out);

  /// Says that we send no more data; the alert is output. Reading goes on. Without effect when not established, failed
  /// or said before.
  void close_notify();

  bool established() const noexcept { return established_; }

  /// Why it `failed`, in OpenSSL's words; empty otherwise.
  std::string_view failure() const noexcept { return failure_; }

  /// "TLSv1.3", for logs; meaningful once established.
  std::string_view version() const noexcept;

  /// The protocol agreed by ALPN (RFC 7301); empty = the peer did not negotiate one.
  std::string_view protocol() const noexcept;

  /// The handshake went on with an earlier session.
  bool resumed() const noexcept;

  /// As server, once established: the host name that the client asked for (SNI); empty = it named none.
  std::string_view server_name() const noexcept;

  /// Whom the peer's certificate names, once established: the last common name of its subject, else its first DNS name
  /// or e-mail address; names with control characters are passed over. Empty: no name, or no verified certificate.
  std::string peer_name() const;

  /// As server, failed: the client began with a plain HTTP request. Nothing was said to it yet.
  bool heard_plain_http() const noexcept { return heard_plain_http_; }

 private:
  friend class tls_context;  // its callback for new sessions

  struct release {
    void operator()(ssl_st* ssl) const noexcept;
  };

  static bio_method_st const* bio_method();
  static int take_input(bio_st* bio, char* to, std::size_t size, std::size_t* taken) noexcept;
  static int put_output(bio_st* bio, char const* from, std::size_t size, std::size_t* put) noexcept;
  static int take_session(ssl_st* ssl, ssl_session_st* offered) noexcept;
  static void count_message(int sent, int version, int type, void const* text, std::size_t size, ssl_st* ssl,
                            void* self) noexcept;

  void expect_host(std::string const& host);
  void keep_buffers(bool keep) noexcept;
  void return_read_buffer() noexcept;
  tls_status judge(int returned);
  std::string take_reason();

  std::unique_ptr<ssl_st, release> ssl_;
  std::span<char const> input_;    // the caller's, during a call
  std::span<char> output_;         // the caller's, during encrypt(): the room that is left
  std::vector<char> side_output_;  // empty and without capacity while there is none
  std::size_t side_taken_ = 0;
  std::shared_ptr<tls_session> session_;
  std::string failure_;
  int idle_messages_ = 0;
  bool established_ = false;
  bool heard_plain_http_ = false;
};

}  // namespace gw::net
