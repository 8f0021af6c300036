#include "instruments/journal.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

namespace gw::testbed {

result<journal> journal::create(std::string const& path) {
  journal j;
  if (path.empty()) return j;
  j.fd_.reset(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!j.fd_) return error{errc::io, side::client, "cannot write " + path, {errno, std::system_category()}};
  return j;
}

void journal::flush() {
  std::string_view rest = waiting_;
  while (!rest.empty() && fd_) {
    auto const written = ::write(fd_.get(), rest.data(), rest.size());
    if (written > 0) {
      rest.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      complete_ = false;
      break;
    }
  }
  waiting_.clear();
}

}  // namespace gw::testbed
