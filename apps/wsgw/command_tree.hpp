// What the help says, as plain values: the texts that are made from the command line walk it. Used by `wsgw man`,
// `wsgw completion` and `wsgw help`.
#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace wsgw {

struct option_text {
  std::vector<std::string> names = {};  // "-c", "--config"; of a positional: "FILE"
  std::string value = {};               // "FILE", "text|json"; empty: a flag
  std::string about = {};
};

struct command_text {
  std::string path = {};  // "wsgw config check"
  std::string about = {};
  std::string notes = {};                  // between the options and the examples
  std::vector<std::string> examples = {};  // "wsgw config check wsgw.toml"
  std::vector<option_text> options = {};
  std::vector<option_text> positionals = {};
  std::vector<std::string> commands = {};  // the names of the next level

  std::string name() const { return path.substr(path.rfind(' ') + 1); }
};

/// Every command that the help shows, each behind its parent; the first is `app` itself, whose options all may take.
std::vector<command_text> command_tree(CLI::App const& app);

/// How the value of an option is completed.
enum class completion : std::uint8_t { none, words, files, services, service_paths };

/// By its name in the help: "FILE", "SERVICE", "SERVICE/PATH JSON", "text|json".
completion completion_of(option_text const& option);

/// "text|json" as words.
std::vector<std::string> words_of(std::string_view value);

}  // namespace wsgw
