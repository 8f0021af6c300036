#include "core/crash_report.hpp"

#include <execinfo.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>

namespace gw {
namespace {

constexpr std::array fatal = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

// tidy: global: a signal handler has no other way to know
std::array<char, 128> version_text{};

/// Text for a signal handler: no allocation, no locks.
class line {
 public:
  line& add(std::string_view text) noexcept {
    auto const n = std::min(text.size(), text_.size() - size_);
    std::memcpy(text_.data() + size_, text.data(), n);
    size_ += n;
    return *this;
  }
  line& add(std::uint64_t number, int base = 10) noexcept {
    auto const done = std::to_chars(text_.data() + size_, text_.data() + text_.size(), number, base);
    if (done.ec == std::errc()) size_ = static_cast<std::size_t>(done.ptr - text_.data());
    return *this;
  }
  void write() const noexcept {
    // Nobody is left to tell that stderr is full.
    [[maybe_unused]] auto const written = ::write(STDERR_FILENO, text_.data(), size_);
  }

 private:
  std::array<char, 512> text_{};
  std::size_t size_ = 0;
};

std::string_view name_of(int signal) noexcept {
  switch (signal) {
    case SIGSEGV:
      return "SIGSEGV";
    case SIGBUS:
      return "SIGBUS";
    case SIGFPE:
      return "SIGFPE";
    case SIGILL:
      return "SIGILL";
    case SIGABRT:
      return "SIGABRT";
    default:
      return "unknown";
  }
}

extern "C" void report_crash(int signal, siginfo_t* info, void*) {
  std::array<char, 16> thread{};
  ::pthread_getname_np(::pthread_self(), thread.data(), thread.size());
  line()
      .add("\n")
      .add(version_text.data())
      .add(" died of signal ")
      .add(static_cast<std::uint64_t>(signal))
      .add(" (")
      .add(name_of(signal))
      .add(") at address 0x")
      .add(reinterpret_cast<std::uintptr_t>(info->si_addr), 16)
      .add(" in thread ")
      .add(thread.data())
      .add(" of process ")
      .add(static_cast<std::uint64_t>(::getpid()))
      .add("\n")
      .write();
  std::array<void*, 64> frames{};
  ::backtrace_symbols_fd(frames.data(), ::backtrace(frames.data(), static_cast<int>(frames.size())), STDERR_FILENO);
  // SA_RESETHAND has put the default action back.
  ::raise(signal);
}

/// An allocation failed where nobody could do without: that is no bug, so there is no core dump but an exit.
[[noreturn]] void on_terminate() noexcept {
  if (auto const thrown = std::current_exception()) {
    try {
      std::rethrow_exception(thrown);
    } catch (std::bad_alloc const&) {
      line().add("\n").add(version_text.data()).add(" ends: no memory is left\n").write();
      ::_exit(EXIT_FAILURE);
    } catch (...) {
      // The default action names it.
    }
  }
  std::abort();
}

constexpr bool sanitized() noexcept {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return true;
#else
  return false;
#endif
}

}  // namespace

void install_crash_report(std::string_view version) {
  if (sanitized()) return;
  std::copy_n(version.begin(), std::min(version.size(), version_text.size() - 1), version_text.begin());
  // The first call loads a library, which a signal handler must not.
  std::array<void*, 1> frame{};
  ::backtrace(frame.data(), 1);
  std::set_terminate(on_terminate);
  for (int const signal : fatal) {
    struct sigaction action {};
    action.sa_sigaction = report_crash;
    action.sa_flags = static_cast<int>(SA_SIGINFO | SA_RESETHAND | SA_NODEFER);
    ::sigaction(signal, &action, nullptr);
  }
}

}  // namespace gw
