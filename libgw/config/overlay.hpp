// What stands above the files: flags and variables of the environment as small trees, and how one tree is laid over
// another. Used while the texts of a configuration are gathered.
#pragma once

#include "config/tree.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace gw::config {

/// What a text of a configuration is, and the name that problems show.
struct text_source {
  enum class kind : std::uint8_t { file, variable, flag };

  kind what = kind::file;
  std::string name = {};  // "wsgw.toml", "WSGW_LISTEN", "--set"

  friend bool operator==(text_source const&, text_source const&) = default;
};

/// "wsgw.toml:3" or "--set"; "the default" for line 0, which is no place.
std::string place_text(text_source const& text, unsigned line);

/// A text that sets something above the files.
struct overlay {
  enum class form : std::uint8_t {
    assignment,  // KEY=VALUE; the value is TOML if it can be read as such, else a string
    service,     // NAME=ADDR,ADDR: the instances of a service
    value,       // the string of `key`
  };

  form how = form::assignment;
  std::string from = {};  // "--set", "WSGW_LISTEN": what problems show as the file
  std::string text = {};
  std::string key = {};  // of form::value: "log.level", "listener.0.bind"
  text_source::kind what = text_source::kind::flag;
};

/// The document that `it` stands for, or what is wrong with its text.
std::variant<node, fault> parse_overlay(overlay const& it, unsigned source);

/// Lays a later file over the earlier ones: tables key by key; the sections that are lists get further elements; all
/// else is replaced.
void lay_file_over(node& root, node later);

/// The same for the document of an overlay, whose tables choose elements of lists by number: listener.0.bind. A number
/// that is the list's size adds an element.
void lay_overlay_over(node& root, node later, faults& out);

}  // namespace gw::config
