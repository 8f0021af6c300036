#include "core/crash_report.hpp"

// A sanitizer has a report of its own.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

#include "testing/catch.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <functional>
#include <new>
#include <string>

namespace {

/// What a child process says on stderr that does `last`; `status` is how it ended.
std::string last_words(std::function<void()> const& last, int& status) {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  auto const child = ::fork();
  if (child == 0) {
    ::dup2(ends[1], STDERR_FILENO);
    gw::install_crash_report("wsgw 1.2.3 (test)");
    last();
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string said;
  std::array<char, 4096> buffer{};
  for (ssize_t n = 0; (n = ::read(ends[0], buffer.data(), buffer.size())) > 0;) {
    said.append(buffer.data(), static_cast<std::size_t>(n));
  }
  ::close(ends[0]);
  REQUIRE(::waitpid(child, &status, 0) == child);
  return said;
}

}  // namespace

TEST_CASE("a process that dies of a fatal signal says its version, the signal and its stack, and still dies of it") {
  for (int const signal : {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL}) {
    int status = 0;
    auto const said = last_words([signal] { ::raise(signal); }, status);
    CAPTURE(said);
    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == signal);
    CHECK(said.find("wsgw 1.2.3 (test) died of signal " + std::to_string(signal)) != std::string::npos);
    CHECK(said.find(" in thread core_test") != std::string::npos);
    CHECK(said.find("core_test(") != std::string::npos);
  }
}

TEST_CASE("a process without memory ends with a word and a status, not with a signal") {
  int status = 0;
  std::function<void()> const fails = [] { throw std::bad_alloc(); };
  auto const said = last_words([&fails]() noexcept { fails(); }, status);
  CHECK(said.find("wsgw 1.2.3 (test) ends: no memory is left") != std::string::npos);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 1);
}
#endif
