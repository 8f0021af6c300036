#include "core/log.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <thread>
#include <utility>
#include <vector>

#include "testing/catch.hpp"

namespace {

namespace fs = std::filesystem;
namespace log = gw::log;
using namespace std::chrono_literals;
using log::level;
using fields = std::vector<log::field>;

/// 2026-11-22 03:00:00.123 UTC, and a bit that must not show.
auto const moment = std::chrono::sys_days(std::chrono::year(2026) / 11 / 22) + std::chrono::hours(3) + 123'456us;

std::string json(fields const& all, level severity = level::info) {
  std::string out;
  log::format_json({moment, severity, "session_open", all}, out);
  return out;
}

std::string text(fields const& all, level severity = level::info, log::colour paint = log::colour::never) {
  std::string out;
  log::format_text({moment, severity, "session_open", all}, paint, out);
  return out;
}

/// What stands for the value of one field, in either form.
std::string json_value(std::string_view value) {
  auto const line = json({{"k", value}});
  auto const start = line.find("\"k\":") + 4;
  return line.substr(start, line.size() - start - 2);
}

std::string text_value(std::string_view value) {
  auto const line = text({{"k", value}});
  auto const start = line.find(" k=") + 3;
  return line.substr(start, line.size() - start - 1);
}

std::string contents(fs::path const& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::size_t lines_in(std::string_view all) {
  return static_cast<std::size_t>(std::count(all.begin(), all.end(), '\n'));
}

class scratch_folder {
 public:
  scratch_folder() {
    auto name = (fs::temp_directory_path() / "log_test.XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~scratch_folder() { fs::remove_all(path_); }
  scratch_folder(scratch_folder const&) = delete;
  scratch_folder& operator=(scratch_folder const&) = delete;

  fs::path operator/(char const* name) const { return path_ / name; }

 private:
  fs::path path_;
};

/// Puts another open file in the place of stdout or stderr while it lives.
class redirection {
 public:
  redirection(int stream, int target) : stream_(stream), saved_(::dup(stream)) {
    REQUIRE(::dup2(target, stream) == stream);
  }
  redirection(int stream, fs::path const& file) : stream_(stream), saved_(::dup(stream)) {
    int const opened = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    REQUIRE(::dup2(opened, stream) == stream);
    ::close(opened);
  }
  ~redirection() {
    ::dup2(saved_, stream_);
    ::close(saved_);
  }
  redirection(redirection const&) = delete;
  redirection& operator=(redirection const&) = delete;

 private:
  int stream_;
  int saved_;
};

/// Logging that runs while it lives.
struct running {
  explicit running(log::settings const& chosen) { log::start(chosen); }
  ~running() { log::stop(); }
  running(running const&) = delete;
  running& operator=(running const&) = delete;
};

struct stalled_pipe {
  stalled_pipe() { REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0); }
  ~stalled_pipe() {
    close_reader();
    ::close(ends[1]);
  }
  stalled_pipe(stalled_pipe const&) = delete;
  stalled_pipe& operator=(stalled_pipe const&) = delete;

  void close_reader() {
    if (ends[0] >= 0) ::close(ends[0]);
    ends[0] = -1;
  }

  std::array<int, 2> ends{-1, -1};
};

}  // namespace

TEST_CASE("a JSON line carries time, level, event and the fields in order") {
  CHECK(json({}) == R"({"ts":"2026-11-22T03:00:00.123Z","level":"info","event":"session_open"})"
                    "\n");
  CHECK(json({{"client", "10.0.0.7"}, {"frames", 12}, {"bytes", std::uint64_t{18446744073709551615U}}}, level::error) ==
        R"({"ts":"2026-11-22T03:00:00.123Z","level":"error","event":"session_open",)"
        R"("client":"10.0.0.7","frames":12,"bytes":18446744073709551615})"
        "\n");
}

TEST_CASE("a time before 1970 and one without milliseconds keep their shape") {
  std::string out;
  log::format_json({std::chrono::sys_days(std::chrono::year(2000) / 2 / 29), level::debug, "e", {}}, out);
  log::format_json({std::chrono::system_clock::time_point(-1ms), level::warning, "e", {}}, out);
  CHECK(out == R"({"ts":"2000-02-29T00:00:00.000Z","level":"debug","event":"e"})"
               "\n"
               R"({"ts":"1969-12-31T23:59:59.999Z","level":"warning","event":"e"})"
               "\n");
}

TEST_CASE("every kind of value keeps its type") {
  std::string const owned = "owned";
  std::string_view const viewed = "viewed";
  char const* const pointer = "pointer";
  auto const kind = [](log::field const& one) { return one.value.index(); };
  CHECK(kind({"k", "literal"}) == 0);
  CHECK(kind({"k", owned}) == 0);
  CHECK(kind({"k", viewed}) == 0);
  CHECK(kind({"k", pointer}) == 0);
  CHECK(kind({"k", -1}) == 1);
  CHECK(kind({"k", short{1}}) == 1);
  CHECK(kind({"k", 1LL}) == 1);
  CHECK(kind({"k", 1U}) == 2);
  CHECK(kind({"k", std::size_t{1}}) == 2);
  CHECK(kind({"k", std::uint8_t{1}}) == 2);
  CHECK(kind({"k", 0.5}) == 3);
  CHECK(kind({"k", 0.5F}) == 3);
  CHECK(kind({"k", true}) == 4);
  STATIC_REQUIRE_FALSE(log::loggable<char>);
  STATIC_REQUIRE_FALSE(log::loggable<void*>);
  STATIC_REQUIRE_FALSE(log::loggable<level>);
}

TEST_CASE("numbers and bools are written as JSON has them") {
  auto const all = json({{"a", -9223372036854775807LL - 1}, {"b", 0.1}, {"c", true}, {"d", false}, {"e", 1e300}});
  CHECK(all.find(R"("a":-9223372036854775808,"b":0.1,"c":true,"d":false,"e":1e+300})") != all.npos);
  auto const none = json({{"inf", std::numeric_limits<double>::infinity()}, {"nan", std::nan("")}});
  CHECK(none.find(R"("inf":null,"nan":null})") != none.npos);
}

TEST_CASE("text from a peer can neither end a line nor break the JSON") {
  auto const check = [](std::string_view input, std::string_view expectation) {
    INFO("input: " << input);
    CHECK(json_value(input) == expectation);
    CHECK(text_value(input) == expectation);
  };
  check("say \"hi\"", R"("say \"hi\"")");
  check("C:\\dir", R"("C:\\dir")");
  check("a\nb\r\tc", R"("a\nb\r\tc")");
  check(std::string_view("\0\x01\x1f\x7f", 4), R"("\u0000\u0001\u001f\u007f")");
  check("\x1b[31mred", R"("\u001b[31mred")");
  check(
      "\xc2\x9b"  // CSI as one character of C1
      "31m",
      R"("\u009b31m")");
  check("\xe2\x80\xa8\xe2\x80\xae\xe2\x81\xa6", R"("\u2028\u202e\u2066")");
  check("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80", "\"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80\"");
}

TEST_CASE("malformed UTF-8 is replaced, one sign for each maximal part") {
  auto const check = [](std::string_view input, int replaced, std::string_view rest) {
    std::string expectation = "\"";
    for (int i = 0; i < replaced; ++i) expectation += "\xef\xbf\xbd";
    CHECK(json_value(input) == (expectation += rest) + '"');
  };
  check("\x80", 1, "");
  check("\xff\xfe", 2, "");
  check("\xc0\xaf", 2, "");          // overlong
  check("\xe0\x80\xaf", 3, "");      // overlong
  check("\xed\xa0\x80", 3, "");      // surrogate
  check("\xf4\x90\x80\x80", 4, "");  // above U+10FFFF
  check("\xf0\x9f\x98", 1, "");      // cut at the end
  check("\xf0\x9f\x98x", 1, "x");    // cut inside
  check("\xe2\x82\xe2\x82\xac", 1, "\xe2\x82\xac");
}

TEST_CASE("a long value is cut between characters at 1 KiB as it is written") {
  auto const check = [](std::string const& input, std::string const& kept, bool cut) {
    auto const quoted = fmt::format("\"{}{}\"", kept, cut ? "\xe2\x80\xa6" : "");
    CHECK(json_value(input) == quoted);
    CHECK(text_value(input) == (cut ? quoted : kept));
  };
  std::string const x_1024(1024, 'x');
  check(x_1024, x_1024, false);
  check(fmt::format("{}x", x_1024), x_1024, true);
  check(fmt::format("{}\xc3\xbc", x_1024.substr(1)), x_1024.substr(1), true);
  std::string escaped;
  for (int i = 0; i < 170; ++i) escaped += "\\u0001";
  check(std::string(5000, '\x01'), escaped, true);
}

TEST_CASE("a text line is for people: words stay bare, everything else is quoted") {
  CHECK(text({{"client", "10.0.0.7:4711"}, {"service", "chat"}, {"ms", 12}, {"ok", true}}) ==
        "03:00:00.123 info  session_open client=10.0.0.7:4711 service=chat ms=12 ok=true\n");
  CHECK(text({{"reason", "two words"}, {"none", ""}, {"pair", "a=b"}}, level::warning) ==
        "03:00:00.123 warn  session_open reason=\"two words\" none=\"\" pair=\"a=b\"\n");
  CHECK(text({}, level::debug) == "03:00:00.123 debug session_open\n");
  CHECK(text({}, level::error, log::colour::always) == "03:00:00.123 \x1b[31merror\x1b[0m session_open\n");
}

TEST_CASE("before the start only warnings and errors are written, as text, to stderr") {
  log::stop();  // without a start, or after another test: both must be harmless
  scratch_folder const folder;
  {
    redirection const err(STDERR_FILENO, folder / "err");
    log::event(level::error, "listen_failed", {{"address", "[::1]:80"}});
    log::access("session_open", {{"client", "x"}});
    log::flush();
    log::reopen();
  }
  auto const written = contents(folder / "err");
  CHECK(lines_in(written) == 1);
  CHECK(written.find("listen_failed") != written.npos);
}

TEST_CASE("events go to stderr and the access log to stdout, from the set level on") {
  scratch_folder const folder;
  {
    redirection const err(STDERR_FILENO, folder / "err");
    redirection const out(STDOUT_FILENO, folder / "out");
    running const journal({.min = level::warning});
    CHECK_FALSE(log::enabled(level::info));
    CHECK(log::enabled(level::warning));
    log::event(level::info, "quiet");
    log::event(level::warning, "loud", {{"n", 1}});
    log::access("session_open", {{"client", "10.0.0.7"}});
    log::flush();
    auto const written = contents(folder / "err");
    CHECK(written.find(R"("level":"warning","event":"loud","n":1})") != written.npos);
    CHECK(lines_in(written) == 1);
  }
  auto const accessed = contents(folder / "out");
  CHECK(accessed.find(R"("level":"info","event":"session_open","client":"10.0.0.7"})") != accessed.npos);
  CHECK(lines_in(accessed) == 1);
  CHECK(log::dropped() == 0);
}

TEST_CASE("a chosen form holds for streams that are no terminal") {
  scratch_folder const folder;
  {
    redirection const err(STDERR_FILENO, folder / "err");
    running const journal({.format = log::settings::text, .access = "off"});
    log::event(level::info, "started");
    log::access("session_open", {});
  }
  CHECK(contents(folder / "err").substr(12) == " info  started\n");
  CHECK(log::dropped() == 0);
}

TEST_CASE("lines of many threads are all written, whole and in the order of each thread") {
  constexpr int threads = 4;
  constexpr int each = 1000;
  scratch_folder const folder;
  {
    running const journal({.access = (folder / "access.log").string()});
    std::vector<std::thread> all;
    for (int t = 0; t < threads; ++t) {
      all.emplace_back([t] {
        for (int i = 0; i < each; ++i) log::access("line", {{"thread", t}, {"i", i}});
      });
    }
    for (auto& one : all) one.join();
  }
  std::array<int, threads> next{};
  std::ifstream in(folder / "access.log");
  for (std::string line; std::getline(in, line);) {
    auto const start = line.find(R"("thread":)");
    REQUIRE(start != line.npos);
    auto const thread = static_cast<std::size_t>(line[start + 9] - '0');
    REQUIRE(line.substr(start + 10) == ",\"i\":" + std::to_string(next.at(thread)++) + "}");
  }
  CHECK(next == std::array{each, each, each, each});
  CHECK(log::dropped() == 0);
}

TEST_CASE("after reopen the lines go to a new file at the same path") {
  scratch_folder const folder;
  auto const path = folder / "access.log";
  running const journal({.access = path.string()});
  log::access("first", {});
  log::flush();
  fs::rename(path, folder / "access.log.1");
  log::access("second", {});
  log::flush();
  log::reopen();
  log::flush();
  CHECK(fs::exists(path));
  log::access("third", {});
  log::flush();
  CHECK(lines_in(contents(folder / "access.log.1")) == 2);
  CHECK(contents(path).find("third") != std::string::npos);
  CHECK(lines_in(contents(path)) == 1);
}

TEST_CASE("an access file that cannot be opened is reported, and its lines count as dropped until it can") {
  scratch_folder const folder;
  auto const path = folder / "missing/access.log";
  {
    redirection const err(STDERR_FILENO, folder / "err");
    running const journal({.access = path.string()});
    log::access("lost", {});
    log::flush();
    CHECK(log::dropped() == 1);
    fs::create_directory(path.parent_path());
    log::reopen();
    log::access("kept", {});
  }
  auto const reported = contents(folder / "err");
  CHECK(reported.find(R"("event":"access_log_open_failed","path":")" + path.string() +
                      R"(","err":"No such file or directory"})") != reported.npos);
  CHECK(contents(path).find("kept") != std::string::npos);
  CHECK(log::dropped() == 1);
}

TEST_CASE("a reader that stalls delays nobody: the oldest lines are dropped, counted, and the newest arrive") {
  constexpr std::uint64_t posted = 30'000;
  stalled_pipe pipe;
  std::string received;
  std::thread reader;
  {
    redirection const err(STDERR_FILENO, pipe.ends[1]);
    running const journal({.access = "off"});
    for (std::uint64_t i = 0; i < posted; ++i) log::event(level::info, "line", {{"i", i}});
    CHECK(log::dropped() > 0);
    reader = std::thread([&] {
      std::array<char, 65536> buffer;
      for (ssize_t n; (n = ::read(pipe.ends[0], buffer.data(), buffer.size())) > 0;) {
        received.append(buffer.data(), static_cast<std::size_t>(n));
      }
    });
  }
  ::close(std::exchange(pipe.ends[1], -1));  // the last writer: the reader sees the end
  reader.join();
  CHECK(lines_in(received) + log::dropped() == posted);
  CHECK(received.find(R"("i":29999})") != received.npos);
}

TEST_CASE("stop gives a reader that never comes a second and no more") {
  stalled_pipe const pipe;
  redirection const err(STDERR_FILENO, pipe.ends[1]);
  log::start({.access = "off"});
  std::string const long_text(1000, 'x');
  for (int i = 0; i < 1000; ++i) log::event(level::info, "line", {{"text", long_text}});
  log::stop();
  auto const dropped = log::dropped();
  CHECK(dropped > 0);
  CHECK(dropped < 1000);
  log::event(level::error, "later");  // must return although the pipe is full
}

TEST_CASE("a reader that has gone costs lines and not the process") {
  stalled_pipe pipe;
  redirection const err(STDERR_FILENO, pipe.ends[1]);
  running const journal({.access = "off"});
  pipe.close_reader();
  log::event(level::info, "into the void");
  log::flush();
  CHECK(log::dropped() == 1);
}
