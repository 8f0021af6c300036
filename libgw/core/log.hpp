// Structured events for people and machines: every layer says what happened with event(); the gateway writes the
// access log with access(). Lines are made by the caller and written by one thread behind a bounded queue that drops
// its oldest line when it is full, so a terminal, pipe or disk that stalls never delays a worker. Knows nothing of
// sampling or collapsing: the caller decides what is worth a line.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

namespace gw::log {

enum class level : std::uint8_t { debug, info, warning, error };

/// What a field can hold: text, a number or a bool. Characters and pointers are refused, they are rarely meant.
template <class T>
concept loggable = std::convertible_to<T const&, std::string_view> ||
    (std::is_arithmetic_v<T> && !std::same_as<T, char> && !std::same_as<T, wchar_t> && !std::same_as<T, char8_t> &&
     !std::same_as<T, char16_t> && !std::same_as<T, char32_t>);

/// One `key=value` of an event. Refers to its texts: they must outlive the call it is passed to, which temporaries do.
struct field {
  using value_type = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool>;

  template <loggable T>
  constexpr field(std::string_view name, T const& held) : key(name), value(wrap(held)) {}

  std::string_view key;
  value_type value;

 private:
  template <class T>
  static constexpr value_type wrap(T const& held) {
    if constexpr (std::convertible_to<T const&, std::string_view>) {
      return std::string_view(held);
    } else if constexpr (std::same_as<T, bool>) {
      return held;
    } else if constexpr (std::floating_point<T>) {
      return static_cast<double>(held);
    } else if constexpr (std::signed_integral<T>) {
      return std::int64_t{held};
    } else {
      return std::uint64_t{held};
    }
  }
};

/// The `[log]` section of the configuration.
struct settings {
  level min = level::info;
  enum class form : std::uint8_t { automatic, text, json } format = automatic;
  using enum form;
  std::string access = "stdout";  // stdout | off | the path of a file
};

/// Starts the logging thread. Called by the program before it starts other threads, and again only after stop().
/// Until then events of level warning and above go to stderr at once, as text; access lines are dropped.
/// `automatic` means text where the stream is a terminal, else JSON. An access file that cannot be opened is reported
/// as an event; its lines count as dropped until reopen() succeeds.
void start(settings const& chosen);

/// Writes what is queued, for at most a second if nobody reads the stream, and joins the logging thread.
/// Later events go to stderr at once, unless it is stalled; later access lines are dropped.
void stop() noexcept;

/// Returns when everything logged so far is written, or after a second. For the way to _Exit.
void flush() noexcept;

/// Opens the access file anew (SIGUSR1, after logrotate moved it); lines that follow go to the new file.
/// If that fails the old file stays in use and an event says so. Does not block.
void reopen() noexcept;

/// Logs to stderr. `event_name` and keys are our own snake_case words, values may come from peers. Any thread, never
/// blocks.
void event(level severity, std::string_view event_name, std::initializer_list<field> fields = {});

/// Logs to the access log, at level info, whatever the least level is. Any thread, never blocks.
void access(std::string_view event_name, std::initializer_list<field> fields);

/// Whether an event of this level would be written; ask before computing costly fields.
bool enabled(level severity) noexcept;

/// Lines lost since start(): overrun in the queue, or refused by the stream.
std::uint64_t dropped() noexcept;

/// Texts longer than this, as they are written, are cut (between characters, marked by an ellipsis). It bounds a line,
/// and so the queue.
inline constexpr std::size_t value_limit_bytes = 1024;

/// One event, as it is written.
struct entry {
  std::chrono::system_clock::time_point at;
  level severity;
  std::string_view event_name;
  std::span<field const> fields;
};

/// Appends one JSON object and a line feed: ts (RFC 3339, milliseconds, UTC), level, event, then the fields.
/// The result is valid JSON in valid UTF-8 without control characters, whatever the fields hold: malformed UTF-8
/// becomes U+FFFD; C0, C1, line separators and bidirectional overrides are escaped; numbers that JSON lacks become
/// null.
void format_json(entry const& happened, std::string& out);

enum class colour : std::uint8_t { never, always };

/// Appends one line for people: UTC time of day, level, event, then `key=value`. Texts that are empty or hold anything
/// but plain ASCII words are written as JSON strings.
void format_text(entry const& happened, colour paint, std::string& out);

}  // namespace gw::log
