// Certificates for tests: self-signed, so that each is its own CA, in a folder that goes away with them.
// Used by the tests of everything that speaks TLS.
#pragma once

#include "testing/scratch_folder.hpp"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace gw::testing {

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};

/// Paths of a certificate and its key, in PEM.
struct identity {
  std::string cert, key;
};

class tls_identities {
 public:
  /// Valid for an hour around now, for `alternative_names` in OpenSSL's notation: "DNS:a.test,IP:127.0.0.1".
  identity make(std::string const& name, char const* alternative_names) const {
    return make(name, alternative_names, {name});
  }
  /// The same, `name` being that of the files only.
  identity make(std::string const& name, char const* alternative_names,
                std::vector<std::string> const& common_names) const {
    std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>> const key(EVP_EC_gen("P-256"));
    std::unique_ptr<X509, freed_by<X509_free>> const cert(X509_new());
    X509_set_version(cert.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(cert.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(cert.get()), 3600);
    X509_NAME* const subject = X509_get_subject_name(cert.get());
    for (auto const& one : common_names) {
      auto const* const text = reinterpret_cast<unsigned char const*>(one.c_str());
      X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, text, -1, -1, 0);
    }
    X509_set_issuer_name(cert.get(), subject);
    X509_set_pubkey(cert.get(), key.get());
    std::unique_ptr<X509_EXTENSION, freed_by<X509_EXTENSION_free>> const names(
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, alternative_names));
    X509_add_ext(cert.get(), names.get(), -1);
    X509_sign(cert.get(), key.get(), EVP_sha256());

    identity made{path(name + ".crt"), path(name + ".key")};
    file const cert_file(std::fopen(made.cert.c_str(), "w"));
    file const key_file(std::fopen(made.key.c_str(), "w"));
    if (!cert_file || !key_file || PEM_write_X509(cert_file.get(), cert.get()) != 1 ||
        PEM_write_PrivateKey(key_file.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
      throw std::runtime_error("cannot write the identity " + name);
    }
    return made;
  }

  /// Where a file of this name would be in the folder.
  std::string path(std::string const& name) const { return (folder_.path / name).string(); }

 private:
  using file = std::unique_ptr<FILE, freed_by<std::fclose>>;

  scratch_folder folder_;
};

}  // namespace gw::testing
