#include "net/tls_context.hpp"

#include "net/tls_engine.hpp"

#include <fmt/core.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <new>
#include <string_view>
#include <system_error>
#include <utility>

namespace gw::net {
namespace {

constexpr auto protocols = std::to_array<unsigned char>({8, 'h', 't', 't', 'p', '/', '1', '.', '1'});

// RFC 7301 section 3.2: a client that offers only protocols that we do not speak is refused with an alert.
int choose_protocol(SSL*, unsigned char const** out, unsigned char* out_size, unsigned char const* offered,
                    unsigned offered_size, void*) {
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, protocols.data(), static_cast<unsigned>(protocols.size()), offered,
                            offered_size) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

// OpenSSL's own callback would ask on the terminal, and a daemon would hang there.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

// The oldest entry of the queue is the cause; the later ones only say which layers it passed.
error refused(std::string_view what, std::string_view file) {
  std::string const why = tls_error_words(ERR_get_error());
  ERR_clear_error();
  return {errc::bad_config, side::gateway, fmt::format("{} '{}': {}", what, file, why), {}};
}

result<> use_identity(SSL_CTX* context, std::string const& cert_file, std::string const& key_file) {
  if (SSL_CTX_use_certificate_chain_file(context, cert_file.c_str()) != 1) {
    return refused("cannot use the TLS certificate", cert_file);
  }
  if (SSL_CTX_use_PrivateKey_file(context, key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    return refused("cannot use the TLS key", key_file);
  }
  return {};
}

result<> demand_client_certificates(SSL_CTX* context, std::string const& ca_file) {
  STACK_OF(X509_NAME)* const names = SSL_load_client_CA_file(ca_file.c_str());
  if (names == nullptr || SSL_CTX_load_verify_file(context, ca_file.c_str()) != 1) {
    sk_X509_NAME_pop_free(names, X509_NAME_free);
    return refused("cannot use the client CA", ca_file);
  }
  SSL_CTX_set_client_CA_list(context, names);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return {};
}

struct free_names {
  void operator()(GENERAL_NAMES* names) const noexcept { GENERAL_NAMES_free(names); }
};

/// In UTF-8; empty if it holds control characters, since names end up in headers and logs.
std::string readable(ASN1_STRING const* name) {
  unsigned char* utf8 = nullptr;
  int const size = ASN1_STRING_to_UTF8(&utf8, name);
  if (size < 0) {
    ERR_clear_error();
    return {};
  }
  std::string text(reinterpret_cast<char const*>(utf8), static_cast<std::size_t>(size));
  OPENSSL_free(utf8);
  auto const is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  return std::any_of(text.begin(), text.end(), is_control) ? std::string() : text;
}

}  // namespace

void tls_context::release::operator()(ssl_ctx_st* context) const noexcept {
  SSL_CTX_free(context);
}

tls_context::handle tls_context::make(bool server) {
  handle context(SSL_CTX_new(server ? TLS_server_method() : TLS_client_method()));
  if (!context) throw std::bad_alloc();
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_default_passwd_cb(context.get(), no_passphrase);
  return context;
}

result<std::shared_ptr<tls_context const>> tls_context::server(server_options const& options) {
  ERR_clear_error();
  handle context = make(true);
  if (options.min_version == "1.3") {
    SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
  } else if (options.min_version != "1.2") {
    return error{errc::bad_config,
                 side::gateway,
                 fmt::format("TLS version '{}' is not known; write 1.2 or 1.3", options.min_version),
                 {}};
  }
  // The suites of TLS 1.2 that are sound today: forward secrecy and AEAD. Those of 1.3 are all of that kind.
  if (SSL_CTX_set_cipher_list(context.get(), "ECDHE+AESGCM:ECDHE+CHACHA20") != 1) {
    return refused("no usable TLS 1.2 cipher suite in", "ECDHE+AESGCM:ECDHE+CHACHA20");
  }
  if (auto used = use_identity(context.get(), options.cert_file, options.key_file); !used) return used.error();
  if (!options.client_ca_file.empty()) {
    if (auto set = demand_client_certificates(context.get(), options.client_ca_file); !set) return set.error();
  }
  // Without it a resumption that carries a client certificate is a fatal error.
  constexpr auto id = std::to_array<unsigned char>({'w', 's', 'g', 'w'});
  SSL_CTX_set_session_id_context(context.get(), id.data(), static_cast<unsigned>(id.size()));
  SSL_CTX_set_alpn_select_cb(context.get(), choose_protocol, nullptr);
  return std::shared_ptr<tls_context const>(new tls_context(std::move(context)));
}

result<std::shared_ptr<tls_context const>> tls_context::client(client_options const& options) {
  ERR_clear_error();
  handle context = make(false);
  if (options.verify) {
    int const loaded = options.ca_file.empty() ? SSL_CTX_set_default_verify_paths(context.get())
                                               : SSL_CTX_load_verify_file(context.get(), options.ca_file.c_str());
    if (loaded != 1) return refused("cannot use the CA", options.ca_file.empty() ? "system store" : options.ca_file);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  }
  if (!options.cert_file.empty()) {
    if (auto used = use_identity(context.get(), options.cert_file, options.key_file); !used) return used.error();
  }
  if (SSL_CTX_set_alpn_protos(context.get(), protocols.data(), static_cast<unsigned>(protocols.size())) != 0) {
    throw std::bad_alloc();
  }
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context.get(), tls_engine::take_session);
  return std::shared_ptr<tls_context const>(new tls_context(std::move(context)));
}

std::string tls_error_words(unsigned long code) {
  if (ERR_SYSTEM_ERROR(code)) return std::system_category().message(ERR_GET_REASON(code));
  char const* const words = ERR_reason_error_string(code);
  return words != nullptr ? words : fmt::format("OpenSSL error {:#x}", code);
}

std::string tls_name_in(x509_st* certificate) {
  X509_NAME const* const subject = X509_get_subject_name(certificate);
  // The last one is the most specific (RFC 6125 section 6.4.4).
  int last = -1;
  for (int at = -1; (at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0;) last = at;
  if (last >= 0) {
    if (auto name = readable(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, last))); !name.empty()) return name;
  }
  std::unique_ptr<GENERAL_NAMES, free_names> const others(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; others && i < sk_GENERAL_NAME_num(others.get()); ++i) {
    GENERAL_NAME const& one = *sk_GENERAL_NAME_value(others.get(), i);
    if (one.type != GEN_DNS && one.type != GEN_EMAIL) continue;
    if (auto name = readable(one.d.ia5); !name.empty()) return name;
  }
  return {};
}

}  // namespace gw::net
