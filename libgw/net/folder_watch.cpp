#include "net/folder_watch.hpp"

#include "net/timer_wheel.hpp"
#include "net/unique_fd.hpp"

#include <sys/inotify.h>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <array>
#include <cstddef>
#include <utility>

namespace gw::net {

namespace asio = boost::asio;

struct folder_watch::notices {
  notices(executor where, int fd) : descriptor(where, fd) {}
  asio::posix::basic_stream_descriptor<executor> descriptor;
};

folder_watch::folder_watch(loop& where, std::string folder)
    : loop_(where), folder_(std::move(folder)), happened_(where.where()) {
  unique_fd fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!fd) return;  // no descriptors are left: who waits still wakes up from time to time
  notices_ = std::make_unique<notices>(where.where(), fd.get());
  static_cast<void>(fd.release());
  look_for_folder();
  listen();
}

folder_watch::~folder_watch() = default;

void folder_watch::look_for_folder() noexcept {
  if (!notices_ || watched_ >= 0) return;
  constexpr std::uint32_t what =
      IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
  watched_ = ::inotify_add_watch(notices_->descriptor.native_handle(), folder_.c_str(), what);
}

void folder_watch::listen() {
  notices_->descriptor.async_wait(asio::posix::descriptor_base::wait_read, [this](boost::system::error_code failed) {
    if (failed) return;  // closed: we may be gone
    take_notices();
    happened_.set();
    listen();
  });
}

/// Which file it was does not matter; but a folder that is gone has to be looked for anew.
void folder_watch::take_notices() noexcept {
  alignas(inotify_event) std::array<char, 4096> bytes;
  for (;;) {
    auto const got = ::read(notices_->descriptor.native_handle(), bytes.data(), bytes.size());
    if (got <= 0) return;
    for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
      auto const& one = *reinterpret_cast<inotify_event const*>(bytes.data() + at);
      if ((one.mask & IN_MOVE_SELF) != 0) ::inotify_rm_watch(notices_->descriptor.native_handle(), one.wd);
      if ((one.mask & IN_IGNORED) != 0) watched_ = -1;
      at += sizeof one + one.len;
    }
  }
}

awaitable<void> folder_watch::changed(duration at_most) {
  look_for_folder();
  timer enough(loop_.wheel, happened_);
  enough.start(at_most);
  co_await happened_.wait();
  if (!closed_) happened_.clear();
}

void folder_watch::close() noexcept {
  closed_ = true;
  if (notices_) {
    boost::system::error_code ignored;
    notices_->descriptor.close(ignored);
  }
  notices_.reset();
  happened_.set();
}

}  // namespace gw::net
