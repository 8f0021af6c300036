#include "commands.hpp"

#include "build_info.hpp"
#include "net/tls_version.hpp"
#include "version.hpp"

#include <fmt/core.h>
#include <boost/version.hpp>

#include <memory>

namespace wsgw {
namespace {

std::string compiler() {
#if defined(__clang__)
  return fmt::format("clang {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
  return fmt::format("g++ {}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
}

std::string boost_version() {
  return fmt::format("{}.{}.{}", BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100);
}

}  // namespace

std::string version_number() {
  return WSGW_VERSION;
}

std::string version_text() {
  return fmt::format("wsgw {} (git {}, {}, Boost {}, {})", WSGW_VERSION, WSGW_COMMIT, compiler(), boost_version(),
                     gw::net::tls_version());
}

void add_version(CLI::App& app, outcome&) {
  auto const form = std::make_shared<output_form>(output_form::text);
  auto* const command = app.add_subcommand("version", "Print the version and what it was built with");
  add_output(*command, *form);
  command->footer("Examples:\n  wsgw version\n  wsgw version -o json");
  command->callback([form] {
    if (*form == output_form::text) return fmt::print("{}\n", version_text());
    print_json({{"schema", "wsgw.version.v1"},
                {"version", WSGW_VERSION},
                {"git", WSGW_COMMIT},
                {"compiler", compiler()},
                {"boost", boost_version()},
                {"tls", gw::net::tls_version()}});
  });
}

}  // namespace wsgw
