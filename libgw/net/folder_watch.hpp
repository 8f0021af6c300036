// Tells when something in a folder has changed. Used by sources of instances that are files.
#pragma once

#include "core/clock.hpp"
#include "net/awaitable.hpp"
#include "net/event.hpp"
#include "net/loop.hpp"

#include <memory>
#include <string>

namespace gw::net {

/// Sees files that are written and closed, moved into place, moved away and removed, from its making on. A folder that
/// is not there yet is looked for at every wait. One thread, one wait at a time.
class folder_watch {
 public:
  folder_watch(loop& where, std::string folder);
  ~folder_watch();
  folder_watch(folder_watch const&) = delete;
  folder_watch& operator=(folder_watch const&) = delete;

  /// Returns when something has changed since the last return, or after `at_most`, or when it is closed.
  awaitable<void> changed(duration at_most);
  /// Waits no more.
  void close() noexcept;

 private:
  struct notices;  // the inotify descriptor

  void look_for_folder() noexcept;
  void listen();
  void take_notices() noexcept;

  loop& loop_;
  std::string folder_;
  event happened_;
  std::unique_ptr<notices> notices_;
  int watched_ = -1;  // inotify's number of the folder; -1: it is not there
  bool closed_ = false;
};

}  // namespace gw::net
