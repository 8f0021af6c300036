#include "files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace wsgw {
namespace {

namespace fs = std::filesystem;

constexpr mode_t permissions = 07777;

bool is_special(std::string const& path) {
  struct stat about {};
  return ::stat(path.c_str(), &about) == 0 && !S_ISREG(about.st_mode);
}

/// What the kernel would open, or create behind a link that leads to nothing yet; empty with errno if it would not.
std::string behind_links(std::string const& path) {
  constexpr int most_links = 40;
  fs::path at = path;
  std::error_code fault;
  for (int followed = 0; followed < most_links; ++followed) {
    auto const next = fs::read_symlink(at, fault);
    if (fault) return at;  // no link; what else is wrong with it will be found by whoever writes there
    at = at.parent_path() / next;
  }
  errno = ELOOP;
  return {};
}

/// Of the file that is to be replaced, or of one that fopen() would make.
mode_t mode_of(std::string const& path) {
  struct stat about {};
  if (::stat(path.c_str(), &about) == 0) return about.st_mode & permissions;
  auto const mask = ::umask(0);  // cannot be read otherwise
  ::umask(mask);
  return 0666 & ~mask;
}

/// A file of a name that nobody has, in the folder of another one; gone again unless it takes that one's place.
class neighbour {
 public:
  explicit neighbour(std::string const& path) : target_(behind_links(path)) {
    if (target_.empty()) return;
    name_ = target_ + ".XXXXXX";
    descriptor_ = ::mkostemp(name_.data(), O_CLOEXEC);
  }
  ~neighbour() {
    if (descriptor_ < 0) return;
    auto const why = errno;
    ::close(descriptor_);
    if (!in_place_) ::unlink(name_.c_str());
    errno = why;
  }
  neighbour(neighbour const&) = delete;
  neighbour& operator=(neighbour const&) = delete;

  bool is_open() const noexcept { return descriptor_ >= 0; }

  bool write(std::string_view text) {
    while (!text.empty()) {
      auto const count = ::write(descriptor_, text.data(), text.size());
      if (count < 0 && errno != EINTR) return false;
      if (count > 0) text.remove_prefix(static_cast<std::size_t>(count));
    }
    return ::fchmod(descriptor_, mode_of(target_)) == 0;
  }
  bool take_place() {
    in_place_ = ::fsync(descriptor_) == 0 && ::rename(name_.c_str(), target_.c_str()) == 0;
    return in_place_;
  }

 private:
  std::string target_;
  std::string name_;
  int descriptor_ = -1;
  bool in_place_ = false;
};

}  // namespace

bool write_file(std::string const& path, std::string_view text, bool overwrite) {
  auto* const file = std::fopen(path.c_str(), overwrite ? "we" : "wxe");
  if (file == nullptr) return false;
  bool const written = text.empty() || std::fwrite(text.data(), 1, text.size(), file) == text.size();
  return std::fclose(file) == 0 && written;
}

bool replace_file(std::string const& path, std::string_view text) {
  if (is_special(path)) return write_file(path, text);
  neighbour fresh(path);
  return fresh.is_open() && fresh.write(text) && fresh.take_place();
}

bool can_be_replaced(std::string const& path) {
  if (!is_special(path)) return neighbour(path).is_open();
  if (std::error_code ignored; fs::is_directory(path, ignored)) {
    errno = EISDIR;
    return false;
  }
  return ::access(path.c_str(), W_OK) == 0;
}

}  // namespace wsgw
