#include "net/tls_engine.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <functional>
#include <new>
#include <utility>

namespace gw::net {
namespace {

struct free_method {
  void operator()(BIO_METHOD* method) const noexcept { BIO_meth_free(method); }
};

// OpenSSL flushes at the end of a flight; everything else that it may ask of a BIO is not for us.
long control(BIO*, int command, long, void*) noexcept {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

bool may_share_a_buffer(std::span<char const> cipher, std::span<char> plain) {
  std::less_equal<char const*> const not_after;
  return cipher.empty() || not_after(cipher.data() + cipher.size(), plain.data()) ||
         not_after(plain.data() + std::min(plain.size(), tls_engine::max_plaintext), cipher.data());
}

}  // namespace

void tls_engine::release::operator()(ssl_st* ssl) const noexcept {
  SSL_free(ssl);
}

tls_engine::tls_engine(std::shared_ptr<tls_context const> const& context, bool server, std::string_view host,
                       std::shared_ptr<tls_session> resume)
    : ssl_(SSL_new(context->native())), session_(std::move(resume)) {
  BIO* const bio = ssl_ ? BIO_new(bio_method()) : nullptr;
  if (bio == nullptr) throw std::bad_alloc();
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_msg_callback(ssl_.get(), count_message);
  SSL_set_msg_callback_arg(ssl_.get(), this);
  if (server) {
    SSL_set_accept_state(ssl_.get());
  } else {
    SSL_set_connect_state(ssl_.get());
    expect_host(std::string(host));
    if (session_) session_->offer(ssl_.get());
  }
}

tls_engine::~tls_engine() = default;

void tls_engine::expect_host(std::string const& host) {
  bool const verify = (SSL_get_verify_mode(ssl_.get()) & SSL_VERIFY_PEER) != 0;
  if (host.empty()) {
    if (verify) failure_ = "no host name to verify the certificate against";
    return;
  }
  X509_VERIFY_PARAM* const expected = SSL_get0_param(ssl_.get());
  if (X509_VERIFY_PARAM_set1_ip_asc(expected, host.c_str()) == 1) return;
  X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (SSL_set1_host(ssl_.get(), host.c_str()) != 1 || SSL_set_tlsext_host_name(ssl_.get(), host.c_str()) != 1) {
    failure_ = "not usable as a host name: " + host;
  }
}

tls_status tls_engine::handshake(std::span<char const>& cipher) {
  if (!failure_.empty()) return tls_status::failed;
  if (established_) return tls_status::ok;
  ERR_clear_error();
  input_ = cipher;
  int const returned = SSL_do_handshake(ssl_.get());
  cipher = std::exchange(input_, {});
  if (returned != 1) return judge(returned);
  established_ = true;
  return_read_buffer();
  return tls_status::ok;
}

tls_status tls_engine::decrypt(std::span<char const>& cipher, std::span<char> plain, std::size_t& written) {
  assert(may_share_a_buffer(cipher, plain));
  written = 0;
  if (!failure_.empty()) return tls_status::failed;
  ERR_clear_error();
  input_ = cipher;
  bool kept = false;
  auto status = tls_status::ok;
  while (status == tls_status::ok) {
    if (input_.empty() && SSL_pending(ssl_.get()) == 0) {
      status =
          (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0 ? tls_status::closed : tls_status::want_input;
      break;
    }
    if (written == plain.size()) break;
    std::size_t size = 0;
    int const returned = SSL_read_ex(ssl_.get(), plain.data() + written, plain.size() - written, &size);
    written += size;
    if (size != 0) idle_messages_ = 0;
    if (returned != 1) {
      status = judge(returned);
    } else if (!kept && !input_.empty()) {
      keep_buffers(kept = true);
    }
  }
  cipher = std::exchange(input_, {});
  if (kept) {
    keep_buffers(false);
    if (status == tls_status::want_input) return_read_buffer();
  }
  // OpenSSL does not look whether a warning alert was taken, so put_output's refusal may not have come back to us.
  return failure_.empty() ? status : tls_status::failed;
}

tls_status tls_engine::encrypt(std::span<char const> plain, std::size_t& consumed, std::span<char> out,
                               std::size_t& produced) {
  consumed = produced = 0;
  if (!failure_.empty()) return tls_status::failed;
  produced = take_output(out);
  if ((SSL_get_shutdown(ssl_.get()) & SSL_SENT_SHUTDOWN) != 0) return tls_status::closed;
  ERR_clear_error();
  output_ = out.subspan(produced);
  constexpr std::size_t max_record = max_plaintext + max_record_overhead;
  auto status = tls_status::ok;
  while (status == tls_status::ok && consumed < plain.size() && output_.size() > max_record_overhead) {
    std::size_t const rest = plain.size() - consumed;
    keep_buffers(rest > max_plaintext && output_.size() >= 2 * max_record);
    std::size_t size = std::min({rest, max_plaintext, output_.size() - max_record_overhead});
    int const returned = SSL_write_ex(ssl_.get(), plain.data() + consumed, size, &size);
    if (returned == 1) {
      consumed += size;
    } else {
      status = judge(returned);
    }
  }
  produced = out.size() - std::exchange(output_, {}).size();
  return status;
}

std::size_t tls_engine::take_output(std::span<char> out) {
  std::size_t const size = std::min(out.size(), side_output_.size() - side_taken_);
  std::copy_n(side_output_.data() + side_taken_, size, out.data());
  side_taken_ += size;
  if (side_taken_ == side_output_.size()) {
    side_output_ = {};
    side_taken_ = 0;
  }
  return size;
}

void tls_engine::close_notify() {
  if (!established_ || !failure_.empty() || (SSL_get_shutdown(ssl_.get()) & SSL_SENT_SHUTDOWN) != 0) return;
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

std::string_view tls_engine::version() const noexcept {
  return SSL_get_version(ssl_.get());
}

std::string_view tls_engine::protocol() const noexcept {
  unsigned char const* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &name, &size);
  return size == 0 ? std::string_view{} : std::string_view{reinterpret_cast<char const*>(name), size};
}

bool tls_engine::resumed() const noexcept {
  return SSL_session_reused(ssl_.get()) == 1;
}

std::string_view tls_engine::server_name() const noexcept {
  char const* const name = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name);
  return name == nullptr ? std::string_view{} : std::string_view{name};
}

std::string tls_engine::peer_name() const {
  bool const verified = established_ && (SSL_get_verify_mode(ssl_.get()) & SSL_VERIFY_PEER) != 0 &&
                        SSL_get_verify_result(ssl_.get()) == X509_V_OK;
  X509* const certificate = verified ? SSL_get0_peer_certificate(ssl_.get()) : nullptr;
  return certificate == nullptr ? std::string() : tls_name_in(certificate);
}

bio_method_st const* tls_engine::bio_method() {
  static std::unique_ptr<BIO_METHOD, free_method> const method = [] {
    std::unique_ptr<BIO_METHOD, free_method> made(
        BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "wsgw tls_engine"));
    if (!made || BIO_meth_set_read_ex(made.get(), take_input) != 1 ||
        BIO_meth_set_write_ex(made.get(), put_output) != 1 || BIO_meth_set_ctrl(made.get(), control) != 1) {
      throw std::bad_alloc();
    }
    return made;
  }();
  return method.get();
}

int tls_engine::take_input(bio_st* bio, char* to, std::size_t size, std::size_t* taken) noexcept {
  auto& engine = *static_cast<tls_engine*>(BIO_get_data(bio));
  auto& input = engine.input_;
  BIO_clear_retry_flags(bio);
  if (!engine.failure_.empty()) return 0;
  if (input.empty()) {
    BIO_set_retry_read(bio);
    return 0;
  }
  *taken = std::min(size, input.size());
  std::memcpy(to, input.data(), *taken);
  input = input.subspan(*taken);
  return 1;
}

// Takes everything, so that OpenSSL never keeps a record of ours. Once something went aside all that follows must too:
// records are numbered.
int tls_engine::put_output(bio_st* bio, char const* from, std::size_t size, std::size_t* put) noexcept {
  auto& engine = *static_cast<tls_engine*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  if (!engine.has_output() && size <= engine.output_.size()) {
    std::memcpy(engine.output_.data(), from, size);
    engine.output_ = engine.output_.subspan(size);
  } else {
    if (engine.established_ && engine.side_output_.size() + size > max_side_output) {
      engine.failure_ = "the peer demands answers and reads none";
      return 0;
    }
    engine.side_output_.insert(engine.side_output_.end(), from, from + size);
  }
  *put = size;
  return 1;
}

// OpenSSL follows every key update, however many there are; what it is to read next is what we can refuse.
void tls_engine::count_message(int sent, int, int type, void const*, std::size_t, ssl_st*, void* self) noexcept {
  auto& engine = *static_cast<tls_engine*>(self);
  if (sent != 0 || type != SSL3_RT_HANDSHAKE || !engine.established_) return;
  if (++engine.idle_messages_ > max_idle_messages)
    engine.failure_ = "the peer says nothing but what the protocol needs";
}

int tls_engine::take_session(ssl_st* ssl, ssl_session_st* offered) noexcept {
  auto const& engine = *static_cast<tls_engine*>(BIO_get_data(SSL_get_rbio(ssl)));
  if (engine.session_) engine.session_->keep(offered);
  return 0;  // `offered` stays OpenSSL's
}

// SSL_MODE_RELEASE_BUFFERS, the context's default, frees OpenSSL's record buffers behind every record. Inside a batch
// that would be one malloc of 16 KiB per record, a tenth of the cost of a small one.
void tls_engine::keep_buffers(bool keep) noexcept {
  if (keep) {
    SSL_clear_mode(ssl_.get(), SSL_MODE_RELEASE_BUFFERS);
  } else {
    SSL_set_mode(ssl_.get(), SSL_MODE_RELEASE_BUFFERS);
  }
}

// OpenSSL frees the buffer when a read finds neither input nor a part of a record. (SSL_free_buffers is not an option:
// before 3.0.14 it also freed the part, CVE-2024-4741.)
void tls_engine::return_read_buffer() noexcept {
  char nothing = 0;
  std::size_t size = 0;
  SSL_peek_ex(ssl_.get(), &nothing, sizeof nothing, &size);
}

tls_status tls_engine::judge(int returned) {
  switch (SSL_get_error(ssl_.get(), returned)) {
    case SSL_ERROR_WANT_READ:
      return tls_status::want_input;
    case SSL_ERROR_ZERO_RETURN:
      return tls_status::closed;
    default:
      if (failure_.empty()) failure_ = take_reason();
      ERR_clear_error();
      return tls_status::failed;
  }
}

// The protocol's own verdict says more than the cipher's ("bad record mac", not "cipher operation failed").
std::string tls_engine::take_reason() {
  unsigned long cause = 0;
  while (unsigned long const code = ERR_get_error()) {
    if (cause == 0 || (ERR_GET_LIB(cause) != ERR_LIB_SSL && ERR_GET_LIB(code) == ERR_LIB_SSL)) cause = code;
  }
  if (cause == 0) return "no reason given";
  std::string words = tls_error_words(cause);
  heard_plain_http_ = SSL_is_server(ssl_.get()) == 1 && !established_ && ERR_GET_LIB(cause) == ERR_LIB_SSL &&
                      ERR_GET_REASON(cause) == SSL_R_HTTP_REQUEST;
  if (ERR_GET_LIB(cause) == ERR_LIB_SSL && ERR_GET_REASON(cause) == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    words.append(": ").append(X509_verify_cert_error_string(SSL_get_verify_result(ssl_.get())));
  }
  return words;
}

}  // namespace gw::net
