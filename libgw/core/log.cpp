#include "core/log.hpp"

#include "core/character.hpp"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/sink.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cmath>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace gw::log {
namespace {

void append_quoted(std::string_view text, std::string& out) {
  constexpr std::string_view named = "\"\\\n\r\t", letters = "\"\\nrt";
  out += '"';
  auto const start = out.size();
  while (!text.empty()) {
    auto const next = first_character(text);
    auto const before = out.size();
    if (auto const i = next.length == 1 ? named.find(text[0]) : named.npos; i != named.npos) {
      (out += '\\') += letters[i];
    } else if (is_unsafe(next.point)) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(next.point));
    } else {
      out += next.valid ? text.substr(0, next.length) : "\xef\xbf\xbd";
    }
    if (out.size() - start > value_limit_bytes) {
      out.replace(before, out.npos, "\xe2\x80\xa6");
      break;
    }
    text.remove_prefix(next.length);
  }
  out += '"';
}

void append_word(std::string_view text, std::string& out) {
  auto const is_plain = [](char c) { return c > ' ' && c <= '~' && c != '"' && c != '\\' && c != '='; };
  if (!text.empty() && text.size() <= value_limit_bytes && std::all_of(text.begin(), text.end(), is_plain)) {
    out += text;
  } else {
    append_quoted(text, out);
  }
}

template <class AppendText>
void append_value(field::value_type const& value, AppendText append_text, std::string& out) {
  auto const append = [&]<class T>(T held) {
    if constexpr (std::same_as<T, std::string_view>) {
      append_text(held, out);
    } else if (std::same_as<T, double> && !std::isfinite(static_cast<double>(held))) {
      out += "null";  // JSON has neither infinities nor NaN
    } else {
      fmt::format_to(std::back_inserter(out), "{}", held);
    }
  };
  std::visit(append, value);
}

/// With milliseconds: fmt prints fractions of durations, not of time points.
auto time_of_day(std::chrono::system_clock::time_point at) noexcept {
  return std::chrono::floor<std::chrono::milliseconds>(at - std::chrono::floor<std::chrono::days>(at));
}

struct level_row {
  std::string_view name;    // in JSON
  std::string_view padded;  // in text
  std::string_view paint;   // SGR sequence
};

constexpr level_row level_rows[] = {
    {"debug", "debug", "\x1b[2m"},
    {"info", "info ", "\x1b[32m"},
    {"warning", "warn ", "\x1b[33m"},
    {"error", "error", "\x1b[31m"},
};

constexpr std::size_t queue_lines = 8192;
constexpr int patience_ms = 1000;  // with a stream that nobody reads, once somebody waits for us

/// Writes all of `bytes`; false if the stream fails, or does not take them and there is no time to wait. Never blocks
/// in write(2): a pipe or socket that poll calls writable takes PIPE_BUF bytes at once.
bool write_all(int fd, std::string_view bytes, std::atomic<bool> const& hurry) noexcept {
  while (!bytes.empty()) {
    pollfd waiting{fd, POLLOUT, 0};
    bool const last_try = hurry.load(std::memory_order_relaxed);
    auto const ready = ::poll(&waiting, 1, last_try ? 0 : 50);
    if (ready == 0 && last_try) return false;
    if (ready <= 0) continue;
    auto const written = ::write(fd, bytes.data(), std::min<std::size_t>(bytes.size(), PIPE_BUF));
    if (written < 0 && errno != EINTR && errno != EAGAIN) return false;
    if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

/// How far the logging thread has come. Shared by the sinks and those who wait for them.
struct progress {
  std::atomic<std::uint64_t> done = 0;     // queue entries dealt with
  std::atomic<std::uint64_t> refused = 0;  // lines that no stream took
  std::atomic<bool> hurry = false;         // stop() has waited long enough
};

/// How lines look on one stream.
struct line_style {
  bool text;
  colour paint;

  std::string line(entry const& happened) const {
    std::string out;
    text ? format_text(happened, paint, out) : format_json(happened, out);
    return out;
  }
};

line_style style_for(settings::form wanted, int fd) {
  char const* const no_color = std::getenv("NO_COLOR");
  char const* const term = std::getenv("TERM");
  bool const terminal = ::isatty(fd) == 1;
  bool const paint = terminal && !(no_color && *no_color) && !(term && std::string_view(term) == "dumb");
  return {wanted == settings::text || (wanted == settings::automatic && terminal),
          paint ? colour::always : colour::never};
}

/// One stream: `fd`, which stays the caller's, or the file at `path`, opened by the first entry that follows
/// ask_reopen(). After construction only the logging thread touches it, but for ask_reopen().
class line_sink final : public spdlog::sinks::sink {
 public:
  line_sink(progress& seen, line_style faults, int fd, std::string path = {})
      : progress_(seen), faults_(faults), path_(std::move(path)), fd_(fd) {}

  ~line_sink() override {
    if (!path_.empty() && fd_ >= 0) ::close(fd_);
  }

  void ask_reopen() noexcept { reopen_asked_ = true; }

  void log(spdlog::details::log_msg const& line) override {
    reopen_if_asked();
    std::string_view const text(line.payload.data(), line.payload.size());
    if (fd_ < 0 || !write_all(fd_, text, progress_.hurry)) ++progress_.refused;
    ++progress_.done;
  }

  void flush() override {
    reopen_if_asked();
    ++progress_.done;
  }

  void set_pattern(std::string const&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

 private:
  void reopen_if_asked() {
    if (path_.empty() || !reopen_asked_.exchange(false)) return;
    int const opened = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0640);
    if (opened < 0) {
      auto const why = std::generic_category().message(errno);
      field const fields[] = {{"path", path_}, {"err", why}};
      entry const fault{std::chrono::system_clock::now(), level::error, "access_log_open_failed", fields};
      // Not event(): stop() might make this thread the last holder of the queue, and so join itself.
      write_all(STDERR_FILENO, faults_.line(fault), progress_.hurry);
      return;
    }
    if (fd_ >= 0) ::close(fd_);
    fd_ = opened;
  }

  progress& progress_;
  line_style const faults_;  // how stderr is written
  std::string path_;
  int fd_;
  std::atomic<bool> reopen_asked_ = false;
};

/// Signals are for the threads that wait for them; a broken pipe is an error of write(2) here, not the process's end.
void enter_logging_thread() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  pthread_setname_np(pthread_self(), "log");
}

void write_now(std::string_view line) noexcept {
  write_all(STDERR_FILENO, line, std::atomic<bool>(true));
}

/// Everything between start() and stop(). Immutable but for the queue and the counters: logging takes no lock of ours.
class journal {
 public:
  explicit journal(settings const& chosen)
      : min_(chosen.min),
        event_style_(style_for(chosen.format, STDERR_FILENO)),
        access_style_(style_for(chosen.format, chosen.access == "stdout" ? STDOUT_FILENO : -1)),
        pool_(std::make_shared<spdlog::details::thread_pool>(queue_lines, 1, enter_logging_thread)),
        events_(make_logger(std::make_shared<line_sink>(progress_, event_style_, STDERR_FILENO))) {
    if (chosen.access == "off") return;
    bool const to_stdout = chosen.access == "stdout";
    access_sink_ = std::make_shared<line_sink>(progress_, event_style_, to_stdout ? STDOUT_FILENO : -1,
                                               to_stdout ? "" : chosen.access);
    access_ = make_logger(access_sink_);
  }

  bool enabled(level severity) const noexcept { return severity >= min_; }

  void event(entry const& happened) {
    auto const line = event_style_.line(happened);
    if (!post([&] { events_->log(spdlog::level::info, line); })) write_now(line);
  }

  void access(entry const& happened) {
    if (!access_) return;
    auto const line = access_style_.line(happened);
    if (!post([&] { access_->log(spdlog::level::info, line); })) ++progress_.refused;
  }

  void reopen() {
    if (!access_) return;
    access_sink_->ask_reopen();
    post([&] { access_->flush(); });
  }

  void flush() {
    std::unique_lock lock(pool_guard_);
    auto const pool = pool_;
    lock.unlock();
    if (!pool) return;
    auto const target = posted_.load();
    auto const pending = [&] { return progress_.done + pool->overrun_counter() < target; };
    for (int waited_ms = 0; pending() && waited_ms < patience_ms; ++waited_ms) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));  // sleep: the queue has no event for "empty"
    }
  }

  void stop() {
    flush();
    progress_.hurry = true;
    std::lock_guard const lock(pool_guard_);
    if (pool_) progress_.refused += pool_->overrun_counter();
    pool_.reset();  // joins
  }

  std::uint64_t dropped() {
    std::lock_guard const lock(pool_guard_);
    return progress_.refused + (pool_ ? pool_->overrun_counter() : 0);
  }

 private:
  std::shared_ptr<spdlog::async_logger> make_logger(spdlog::sink_ptr to) {
    return std::make_shared<spdlog::async_logger>("wsgw", std::move(to), pool_,
                                                  spdlog::async_overflow_policy::overrun_oldest);
  }

  /// False after stop(): spdlog says by an exception that the queue is gone.
  template <class Enqueue>
  bool post(Enqueue enqueue) try {
    ++posted_;
    enqueue();
    return true;
  } catch (spdlog::spdlog_ex const&) {
    ++progress_.done;
    return false;
  }

  level const min_;
  line_style const event_style_;
  line_style const access_style_;
  progress progress_;
  std::atomic<std::uint64_t> posted_ = 0;
  std::mutex pool_guard_;
  std::shared_ptr<spdlog::details::thread_pool> pool_;
  std::shared_ptr<line_sink> access_sink_;
  std::shared_ptr<spdlog::async_logger> events_;
  std::shared_ptr<spdlog::async_logger> access_;
};

std::unique_ptr<journal>& current() {
  // tidy: global: the process has one stderr, hence one journal. start() alone sets it, before there are other threads.
  // It is never destroyed, since a thread that outlives main may still log.
  static auto& owner = *new std::unique_ptr<journal>;
  return owner;
}

}  // namespace

void format_json(entry const& happened, std::string& out) {
  fmt::format_to(std::back_inserter(out), R"({{"ts":"{:%F}T{:%T}Z","level":"{}","event":)",
                 std::chrono::floor<std::chrono::days>(happened.at), time_of_day(happened.at),
                 level_rows[static_cast<std::size_t>(happened.severity)].name);
  append_quoted(happened.event_name, out);
  for (auto const& each : happened.fields) {
    out += ',';
    append_quoted(each.key, out);
    out += ':';
    append_value(each.value, append_quoted, out);
  }
  out += "}\n";
}

void format_text(entry const& happened, colour paint, std::string& out) {
  auto const& row = level_rows[static_cast<std::size_t>(happened.severity)];
  bool const painted = paint == colour::always;
  fmt::format_to(std::back_inserter(out), "{:%T} {}{}{} ", time_of_day(happened.at), painted ? row.paint : "",
                 row.padded, painted ? "\x1b[0m" : "");
  append_word(happened.event_name, out);
  for (auto const& each : happened.fields) {
    out += ' ';
    append_word(each.key, out);
    out += '=';
    append_value(each.value, append_word, out);
  }
  out += '\n';
}

void start(settings const& chosen) {
  current() = std::make_unique<journal>(chosen);
  current()->reopen();
}

void stop() noexcept {
  if (current()) current()->stop();
}

void flush() noexcept {
  if (current()) current()->flush();
}

void reopen() noexcept {
  if (current()) current()->reopen();
}

void event(level severity, std::string_view event_name, std::initializer_list<field> fields) {
  if (!enabled(severity)) return;
  entry const happened{std::chrono::system_clock::now(), severity, event_name, {fields.begin(), fields.size()}};
  if (current()) return current()->event(happened);
  write_now(line_style{true, colour::never}.line(happened));
}

void access(std::string_view event_name, std::initializer_list<field> fields) {
  if (!current()) return;
  current()->access({std::chrono::system_clock::now(), level::info, event_name, {fields.begin(), fields.size()}});
}

bool enabled(level severity) noexcept {
  return current() ? current()->enabled(severity) : severity >= level::warning;
}

std::uint64_t dropped() noexcept {
  return current() ? current()->dropped() : 0;
}

}  // namespace gw::log
