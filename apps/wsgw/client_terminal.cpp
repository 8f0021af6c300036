#include "client_terminal.hpp"
#include "files.hpp"

#include "config/files.hpp"
#include "core/character.hpp"
#include "tools/keys.hpp"

#include <fmt/core.h>

#include <histedit.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <cwchar>
#include <filesystem>
#include <utility>

namespace wsgw {
namespace {

constexpr int history_size = 1000;
constexpr std::string_view end_of_input = "\x04";  // what libedit makes of Ctrl-D in an empty line

/// Where the history is kept (XDG Base Directory Specification); empty: nowhere.
std::filesystem::path history_file() {
  char const* const state = std::getenv("XDG_STATE_HOME");
  char const* const home = std::getenv("HOME");
  std::filesystem::path folder;
  if (state != nullptr && *state == '/') {
    folder = state;
  } else if (home != nullptr && *home == '/') {
    folder = std::filesystem::path(home) / ".local" / "state";
  } else {
    return {};
  }
  return folder / "wsgw" / "history";
}

std::size_t columns() {
  winsize size{};
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/// Characters, each taken for one column.
std::size_t width(std::string_view text) {
  std::size_t count = 0;
  for (; !text.empty(); ++count) text.remove_prefix(gw::first_character(text).length);
  return count;
}

}  // namespace

bool is_at_terminal() {
  char const* const kind = std::getenv("TERM");
  return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1 && kind != nullptr &&
         std::string_view(kind) != "dumb";
}

/// libedit, fed key by key. Between two keys the terminal is in libedit's hands; while a line is obeyed it is not, but
/// it does not echo either, so that what is typed meanwhile does not get onto the screen twice.
struct client_terminal::editor {
  explicit editor(gw::tools::repl const& of) : words(of) {
    ::tcgetattr(STDIN_FILENO, &before);
    auto silent = before;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    silent.c_cc[VSUSP] = _POSIX_VDISABLE;  // the shell would get a terminal in libedit's hands
    ::tcsetattr(STDIN_FILENO, TCSADRAIN, &silent);
    if (std::setlocale(LC_CTYPE, "") == nullptr || MB_CUR_MAX == 1) std::setlocale(LC_CTYPE, "C.UTF-8");
    lines = ::history_init();
    HistEvent unused;
    ::history(lines, &unused, H_SETSIZE, history_size);
    ::history(lines, &unused, H_SETUNIQUE, 1);
    file = history_file();
    if (!file.empty()) ::history(lines, &unused, H_LOAD, file.c_str());
    line = ::el_init("wsgw", stdin, stdout, stderr);
    ::el_set(line, EL_CLIENTDATA, this);
    ::el_set(line, EL_PROMPT, &editor::prompt);
    ::el_set(line, EL_EDITOR, "emacs");
    ::el_set(line, EL_SIGNAL, 0);
    ::el_set(line, EL_HIST, ::history, lines);
    ::el_set(line, EL_GETCFN, &editor::next_character);
    // By its wide form: the narrow one copies both texts and never frees them.
    ::el_wset(line, EL_ADDFN, L"wsgw-complete", L"Complete a command or a service", &editor::complete);
    ::el_set(line, EL_BIND, "^I", "wsgw-complete", nullptr);
    ::el_set(line, EL_BIND, "^R", "em-inc-search-prev", nullptr);
    show();
  }
  editor(editor const&) = delete;
  editor& operator=(editor const&) = delete;
  ~editor() {
    save();
    hide();
    ::el_end(line);
    ::history_end(lines);
    ::tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
  }

  void show() { ::el_set(line, EL_UNBUFFERED, 1); }
  void hide() { ::el_set(line, EL_UNBUFFERED, 0); }

  /// Takes a key; the line that it ended, if it did.
  std::optional<std::string> press(std::string_view key) {
    while (!key.empty()) {
      auto const [c, length, valid] = gw::first_character(key);
      key.remove_prefix(length);
      // A byte that is no UTF-8 cannot be edited.
      if (valid) typed.push_back(static_cast<wchar_t>(c));
    }
    while (!typed.empty()) {
      int size = 0;
      char const* const text = ::el_gets(line, &size);
      // The buffer goes on behind the line, with what an earlier one left.
      std::string_view const so_far(text == nullptr ? "" : text, text == nullptr ? 0 : static_cast<std::size_t>(size));
      if (so_far.ends_with('\n') || so_far.ends_with('\r')) return std::string(so_far.substr(0, so_far.size() - 1));
      if (so_far == end_of_input) return std::string(so_far);
    }
    return std::nullopt;
  }

  void remember(std::string const& text) {
    HistEvent unused;
    if (!text.empty()) ::history(lines, &unused, H_ENTER, text.c_str());
  }

  void save() {
    if (file.empty()) return;
    std::error_code ignored;
    std::filesystem::create_directories(file.parent_path(), ignored);
    auto const mask = ::umask(S_IRWXG | S_IRWXO);
    HistEvent unused;
    ::history(lines, &unused, H_SAVE, file.c_str());
    ::umask(mask);
  }

  /// Takes the line that is being typed off the screen.
  void clear() const {
    auto const* const info = ::el_line(line);
    std::string_view const left(info->buffer, static_cast<std::size_t>(info->cursor - info->buffer));
    auto const rows = (words.prompt().size() + width(left)) / columns();
    if (rows > 0) fmt::print("\x1b[{}A", rows);
    fmt::print("\r\x1b[J");
  }
  void redraw() const {
    std::fflush(stdout);
    ::el_set(line, EL_REFRESH);
  }

  static editor& of(EditLine* line) {
    void* self = nullptr;
    ::el_get(line, EL_CLIENTDATA, &self);
    return *static_cast<editor*>(self);
  }

  static char* prompt(EditLine* line) {
    auto& self = of(line);
    self.prompt_text = self.words.prompt();
    return self.prompt_text.data();
  }

  static int next_character(EditLine* line, wchar_t* to) {
    auto& self = of(line);
    if (self.typed.empty()) {
      errno = EAGAIN;  // half a chord, like Ctrl-X alone: forgotten
      return -1;
    }
    *to = self.typed.front();
    self.typed.pop_front();
    return 1;
  }

  static unsigned char complete(EditLine* line, wint_t) {
    auto& self = of(line);
    auto const* const info = ::el_line(line);
    std::string const left(info->buffer, static_cast<std::size_t>(info->cursor - info->buffer));
    auto const found = self.words.complete(left);
    if (found.words.empty()) return CC_ERROR;
    auto const so_far = left.size() - found.begin;
    // They are sorted: what the first and the last share, all share.
    auto const& first = found.words.front();
    auto const& last = found.words.back();
    auto const shared = static_cast<std::size_t>(
        std::mismatch(first.begin(), first.end(), last.begin(), last.end()).first - first.begin());
    if (shared > so_far) {
      ::el_insertstr(line, first.substr(so_far, shared - so_far).c_str());
      return CC_REFRESH;
    }
    if (found.words.size() == 1) return CC_NORM;
    self.clear();
    for (auto const& word : found.words) fmt::print("{}  ", word);
    fmt::print("\n");
    std::fflush(stdout);
    return CC_REDISPLAY;
  }

  gw::tools::repl const& words;
  termios before{};
  History* lines = nullptr;
  EditLine* line = nullptr;
  std::filesystem::path file;
  std::string prompt_text;
  std::deque<wchar_t> typed;
};

client_terminal::client_terminal(std::vector<std::string> const& services) : repl_(services) {}

client_terminal::~client_terminal() = default;

void client_terminal::begin(gw::net::loop& on, gw::net::event& changed) {
  loop_ = &on;
  changed_ = &changed;
  editor_ = std::make_unique<editor>(repl_);
  watched_ = on.sockets.add(STDIN_FILENO, *this).has_value();
  at_end_ = !watched_;
}

std::optional<gw::tools::step> client_terminal::next() {
  if (deeds_.empty()) return std::nullopt;
  auto deed = std::move(deeds_.front());
  deeds_.pop_front();
  return deed;
}

void client_terminal::end() {
  if (watched_) loop_->sockets.remove(STDIN_FILENO, *this);
  editor_->clear();
  std::fflush(stdout);
  editor_.reset();
}

// --- what is typed ---

std::size_t client_terminal::on_ready(std::span<char> buffer) {
  pollfd readable{STDIN_FILENO, POLLIN, 0};
  if (at_end_ || ::poll(&readable, 1, 0) <= 0) return 0;
  auto const size = ::read(STDIN_FILENO, buffer.data(), buffer.size());
  if (size < 0 && (errno == EINTR || errno == EAGAIN)) return 0;
  if (size <= 0) {
    at_end_ = true;
    changed_->set();
    return 0;
  }
  typed_.append(buffer.data(), static_cast<std::size_t>(size));
  while (auto const key = gw::tools::first_key(typed_)) {
    press(std::string_view(typed_).substr(0, key));
    typed_.erase(0, key);
  }
  loop_->sockets.make_ready(*this);
  return static_cast<std::size_t>(size);
}

void client_terminal::press(std::string_view key) {
  auto const line = editor_->press(key);
  if (!line) return;
  editor_->hide();
  if (*line == end_of_input) {
    fmt::print("\n");
    obey(gw::tools::repl_order{.what = gw::tools::repl_order::kind::leave});
  } else {
    editor_->remember(*line);
    obey(*line);
  }
  editor_->show();
}

void client_terminal::obey(std::string const& line) {
  obey(repl_.take(line));
}

void client_terminal::obey(gw::tools::repl_order order) {
  using kind = gw::tools::repl_order::kind;
  switch (order.what) {
    case kind::nothing:
      break;
    case kind::act:
      deeds_.push_back(std::move(order.deed));
      break;
    case kind::leave:
      at_end_ = true;
      break;
    case kind::send_binary: {
      auto bytes = gw::config::read_file(order.path, largest_input);
      if (!bytes) return say(fmt::format("{} {}", order.path, bytes.error().context));
      return obey(repl_.binary(std::move(*bytes)));
    }
    case kind::save: {
      order.say = write_file(order.path, repl_.latest())
                      ? fmt::format("{} bytes are in {}", repl_.latest().size(), order.path)
                      : fmt::format("{}: {}", order.path, std::strerror(errno));
      break;
    }
  }
  if (!order.say.empty()) say(order.say);
  changed_->set();
}

// --- what is shown ---

void client_terminal::tell(gw::tools::client_event const& happened) {
  auto const lines = repl_.show(happened);
  if (!editor_) return say(lines);
  editor_->clear();
  say(lines);
  editor_->redraw();
}

void client_terminal::say(std::string_view lines) {
  fmt::print("{}\n", lines);
  std::fflush(stdout);
}

}  // namespace wsgw
