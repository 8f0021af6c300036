#include "commands.hpp"

#include "build_info.hpp"
#include "net/tls_version.hpp"
#include "version.hpp"

#include <fmt/core.h>
#include <boost/version.hpp>

namespace wsgw {
namespace {

std::string compiler() {
#if defined(__clang__)
  return fmt::format("clang {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
  return fmt::format("g++ {}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
}

}  // namespace

std::string version_number() {
  return WSGW_VERSION;
}

std::string version_text() {
  return fmt::format("wsgw {} (git {}, {}, Boost {}.{}.{}, {})", WSGW_VERSION, WSGW_COMMIT, compiler(),
                     BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100, gw::net::tls_version());
}

void add_version(CLI::App& app, outcome&) {
  auto* const command = app.add_subcommand("version", "Print the version and what it was built with");
  command->callback([] { fmt::print("{}\n", version_text()); });
}

}  // namespace wsgw
