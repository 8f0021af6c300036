// Test files of `wsgw route test`: cases in TOML, each a message with its circumstances and what is to become of it.
// Read with the means of the configuration, so that every mistake is told at once and at its place.
#pragma once

#include "config/outside.hpp"
#include "config/problem.hpp"
#include "tools/route_judge.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gw::tools {

/// What a test file says about the handshake; the rest is as on the command line.
struct case_context {
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::optional<std::string> path = {};
  std::optional<std::string> query = {};
  std::optional<std::string> subprotocol = {};
  std::optional<std::string> client = {};
  std::optional<std::string> user = {};
};

/// [[case]]
struct route_case {
  std::string name = {};
  std::optional<std::string> message = {};  // a table was written as JSON, its members in alphabetical order
  bool binary = false;
  case_context context = {};
  std::string expect = {};
  std::optional<std::string> expect_rule = {};                            // "url_rule" for the URL rule
  std::vector<std::pair<std::string, std::string>> expect_captures = {};  // name, text
  std::optional<std::string> expect_key = {};
  std::optional<std::string> expect_instance = {};                     // that is pinned, or dialled first: "host:port"
  std::vector<std::pair<std::string, std::string>> expect_error = {};  // JSON Pointer into the frame, JSON

  unsigned line = 0;            // where it stands
  judged_session session = {};  // all of its circumstances
};

struct route_suite {
  std::string file;
  std::vector<route_case> cases;
};

struct read_suites {
  std::vector<route_suite> suites;
  std::vector<config::problem> problems;  // if there are any, the suites mean nothing
};

/// Reads the files for the rules of `judge`; `base` is the handshake of those cases that do not say otherwise.
read_suites read_route_suites(std::vector<std::string> const& files, route_judge const& judge,
                              written_handshake const& base, config::outside_knowledge const& outside = {});

}  // namespace gw::tools
