// The types that [discovery.NAME] may have. Used by whoever makes sources, and by the loader of the configuration,
// which learns here which keys a type takes.
#pragma once

#include "config/config.hpp"
#include "config/kind.hpp"
#include "config/outside.hpp"
#include "core/error.hpp"
#include "discovery/source.hpp"
#include "net/loop.hpp"

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gw::discovery {

/// What a source is told at its making.
struct assignment {
  net::loop& loop;  // outlives the source
  config::discovery settings;
  /// The services to list, as the source calls them. With settings.any_service all that it has instead.
  std::vector<std::string> services;
};

/// Opens and asks nothing yet. The error (bad_config) says what of the settings cannot be used, and how to fix it.
using make_source = result<std::unique_ptr<source>>(assignment);

struct source_kind : config::kind<make_source> {
  std::span<std::string_view const> needs = {};  // keys of [discovery.NAME] that must be given
  std::span<std::string_view const> takes = {};  // further keys that not all types have
  bool ignores_case = false;                     // of the names of services
};

/// All types, by name.
std::span<source_kind const> source_kinds();

/// The row called `type`; nothing if there is none.
source_kind const* find_source_kind(std::string_view type);

/// What the loader and the reference say of them.
std::vector<config::source_type> source_types();
std::vector<config::word> source_words();

}  // namespace gw::discovery
