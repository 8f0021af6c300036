#include "tools/repl.hpp"

#include "config/address.hpp"
#include "core/did_you_mean.hpp"
#include "core/trimmed.hpp"
#include "tools/explain.hpp"
#include "tools/json_text.hpp"
#include "tools/printable.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace gw::tools {
namespace {

constexpr std::size_t shown = 16 * 1024;  // bytes of a message
constexpr std::size_t most_services = 1000;
constexpr std::string_view method_prefix = "/api/v1/";

struct command_row {
  std::string_view name;
  std::string_view usage;
  std::string_view about;
};
constexpr std::array<command_row, 8> commands = {{
    {"/binary", "/binary FILE", "send the bytes of a file"},
    {"/call", "/call SERVICE/PATH [JSON]", "send {method, data, id}"},
    {"/close", "/close [CODE]", "close, and leave"},
    {"/help", "/help", "this"},
    {"/ping", "/ping", "send a ping, and tell how long its pong took"},
    {"/quit", "/quit", "the same as /close, or Ctrl-D"},
    {"/save", "/save FILE", "write the message that came last to a file"},
    {"/stats", "/stats", "what was sent and received"},
}};

repl_order saying(std::string text) {
  return {.say = std::move(text)};
}

std::string help() {
  std::string text = "Any other line is a message. JSON goes on over several lines until it is whole.";
  for (auto const& c : commands) text += fmt::format("\n  {:<28}{}", c.usage, c.about);
  return text;
}

/// Indented if it is JSON.
std::string pretty(std::string_view text) {
  using json = nlohmann::ordered_json;
  auto const cut = text.size() > shown;
  auto const parsed = cut ? json() : parse_shallow<json>(text);
  auto const written = parsed.is_structured() ? parsed.dump(2, ' ', false, json::error_handler_t::replace)
                                              : std::string(text.substr(0, shown));
  auto lines = printable(written, parsed.is_structured());
  if (cut) lines += fmt::format("... ({} bytes; /save FILE keeps them)", text.size());
  return lines;
}

/// SERVICE of a text that begins with /api/v1/SERVICE/.
std::string_view service_in(std::string_view method) {
  if (!method.starts_with(method_prefix)) return {};
  method.remove_prefix(method_prefix.size());
  auto const end = method.find('/');
  return end == std::string_view::npos ? std::string_view() : method.substr(0, end);
}

}  // namespace

bool is_unfinished_json(std::string_view text) noexcept {
  auto const first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || (text[first] != '{' && text[first] != '[')) return false;
  std::size_t depth = 0;
  bool quoted = false;
  for (std::size_t i = first; i < text.size(); ++i) {
    char const c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && --depth == 0) {
      return false;
    }
  }
  return true;
}

repl::repl(std::vector<std::string> const& services) : services_(services.begin(), services.end()) {}

// --- what a person says ---

repl_order repl::take(std::string_view line) {
  if (is_inside_message()) {
    if (trimmed(line).empty()) return message(std::exchange(unfinished_, {}));
    unfinished_.append("\n").append(line);
  } else {
    auto const words = trimmed(line);
    if (words.empty()) return {};
    if (words.front() == '/') return command(words);
    unfinished_ = words;
  }
  if (is_unfinished_json(unfinished_)) return {};
  return message(std::exchange(unfinished_, {}));
}

repl_order repl::message(std::string text) {
  learn_from(text);
  ++sent_.messages;
  sent_.bytes += text.size();
  return {.what = repl_order::kind::act, .deed = {.what = step::kind::send, .text = std::move(text)}};
}

repl_order repl::binary(std::string bytes) {
  ++sent_.messages;
  sent_.bytes += bytes.size();
  return {.what = repl_order::kind::act, .deed = {.what = step::kind::binary, .text = std::move(bytes)}};
}

repl_order repl::command(std::string_view line) {
  auto const end = std::min(line.find_first_of(" \t"), line.size());
  auto const name = line.substr(0, end);
  auto const rest = trimmed(line.substr(end));
  if (name == "/help") return saying(help());
  if (name == "/stats") return saying(stats());
  if (name == "/quit") return {.what = repl_order::kind::leave};
  if (name == "/binary" || name == "/save") {
    if (rest.empty()) return saying(fmt::format("a file is missing; write {} FILE", name));
    if (name == "/save" && received_.messages == 0) return saying("no message has come yet");
    return {.what = name == "/save" ? repl_order::kind::save : repl_order::kind::send_binary,
            .path = std::string(rest)};
  }
  if (name == "/call" || name == "/ping" || name == "/close") {
    auto steps = parse_script(line.substr(1));
    // A script counts lines; a person at a prompt does not.
    if (!steps) return saying(steps.error().context.substr(std::string_view("line 1: ").size()));
    auto& deed = steps->front();
    deed.line = 0;
    if (deed.what == step::kind::call) {
      auto const service = service_in(deed.text);
      if (services_.size() < most_services) services_.emplace(service);
      ++sent_.messages;
      sent_.bytes += call_message(deed, sent_.messages).size();
    }
    return {.what = repl_order::kind::act, .deed = std::move(deed)};
  }
  std::vector<std::string_view> known;
  for (auto const& c : commands) known.push_back(c.name);
  return saying(fmt::format("there is no command {}{}", printable(name), guess_or_list(name, known, "there are")));
}

repl::completions repl::complete(std::string_view line) const {
  completions found;
  auto const offer = [&found](std::string_view word, std::string_view so_far) {
    if (word.starts_with(so_far)) found.words.emplace_back(word);
  };
  constexpr std::string_view call = "/call ";
  if (line.starts_with(call)) {
    found.begin = std::min(line.find_first_not_of(' ', call.size()), line.size());
    for (auto const& service : services_) offer(service + "/", line.substr(found.begin));
    return found;
  }
  if (line.starts_with('/')) {
    for (auto const& c : commands) {
      bool const alone = c.usage == c.name;
      offer(alone ? std::string(c.name) : std::string(c.name) + " ", line);
    }
    return found;
  }
  auto const method = line.rfind(method_prefix);
  if (method == std::string_view::npos) return found;
  found.begin = method + method_prefix.size();
  for (auto const& service : services_) offer(service + "/", line.substr(found.begin));
  return found;
}

std::string repl::stats() const {
  return fmt::format("sent {} messages, {} bytes; received {} messages, {} bytes; in {:.3f} s", sent_.messages,
                     sent_.bytes, received_.messages, received_.bytes, now_ms_ / 1000);
}

// --- what comes ---

std::string repl::show(client_event const& e) {
  now_ms_ = std::max(now_ms_, e.at_ms);
  auto const at = fmt::format("{:.3f} s", e.at_ms / 1000);
  switch (e.what) {
    case client_event::kind::open:
      return fmt::format("* {}  open{}", at, e.text.empty() ? "" : ", subprotocol " + printable(e.text));
    case client_event::kind::message:
    case client_event::kind::binary:
      return show_message(e);
    case client_event::kind::pong:
      return fmt::format("* {}  pong after {:.1f} ms", at, e.took_ms);
    case client_event::kind::close:
      return fmt::format("* {}  closed by the {}: {}", at, e.by_server ? "server" : "client",
                         printable(explain_close(e.code, e.text)));
    case client_event::kind::retry:
      return fmt::format("* {}  {}; the next try is in {:.1f} s", at, printable(e.text), e.took_ms / 1000);
    case client_event::kind::wait:
      return fmt::format("* {}  waiting for {}", at, e.text);
  }
  return {};
}

std::string repl::show_message(client_event const& e) {
  latest_ = e.text;
  ++received_.messages;
  received_.bytes += e.text.size();
  auto const head = fmt::format("< {:.3f} s  {} bytes", e.at_ms / 1000, e.text.size());
  if (e.what == client_event::kind::binary) return head + ", binary; /save FILE keeps them";
  learn_from(e.text);
  auto const parsed = e.text.size() > shown ? nlohmann::json() : parse_shallow(e.text);
  auto const* const service = find_at(parsed, "/service");
  auto const who =
      service != nullptr && service->is_string() ? "  " + printable(service->get<std::string>()) : std::string();
  auto const words = explain_error_frame(e.text);
  return fmt::format("{}{}\n{}{}", head, who, pretty(e.text), words ? "\n  " + printable(*words) : std::string());
}

/// The services that a message names: as its `service`, in its error, in its method.
void repl::learn_from(std::string_view message) {
  if (message.size() > shown || services_.size() >= most_services) return;
  auto const parsed = parse_shallow(message);
  for (std::string_view const pointer : {"/service", "/error/service", "/method"}) {
    auto const* const found = find_at(parsed, pointer);
    if (found == nullptr || !found->is_string()) continue;
    auto const& text = found->get_ref<std::string const&>();
    auto const name = pointer == "/method" ? service_in(text) : std::string_view(text);
    if (config::service_name_fault(name).empty()) services_.emplace(name);
  }
}

}  // namespace gw::tools
