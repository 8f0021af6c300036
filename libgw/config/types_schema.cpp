// What editors are told about the types of settings: JSON Schema, draft 2020-12.
#include "config/types.hpp"

#include <fmt/format.h>

namespace gw::config::types {
namespace {

constexpr std::string_view variable = R"(\\$\\{)";
constexpr std::string_view time = "[0-9]+(h|m|min|s|ms)";
constexpr std::string_view bytes = "[0-9]+([KMG]i?)?B";
constexpr std::string_view tests =
    R"("equals":{"type":"string"},"prefix":{"type":"string"},"regex":{"type":"string","format":"regex"},)"
    R"("exists":{"type":"boolean"})";

std::string matching(std::string_view regex) {
  return fmt::format(R"({{"type":"string","pattern":"^({})$|{}"}})", regex, variable);
}

std::string table_of(std::string_view properties, std::string_view required = {}) {
  return fmt::format(R"({{"type":"object","properties":{{{}}},{}"additionalProperties":false}})", properties,
                     required.empty() ? std::string() : fmt::format(R"("required":["{}"],)", required));
}

std::string any_of(std::string_view one, std::string_view other) {
  return fmt::format(R"({{"anyOf":[{},{}]}})", one, other);
}

std::string list_of(std::string_view element) {
  return fmt::format(R"({{"type":"array","items":{}}})", element);
}

constexpr std::string_view zero = R"({"const":0})";  // needs no unit
constexpr std::string_view any_string = R"({"type":"string"})";

}  // namespace

std::string words_schema(std::vector<std::string_view> const& words) {
  auto const listed = fmt::format(R"({{"enum":["{}"]}})", fmt::join(words, R"(",")"));
  return any_of(listed, fmt::format(R"({{"type":"string","pattern":"{}"}})", variable));
}

std::string flag::schema() const {
  return R"({"type":"boolean"})";
}

std::string count::schema() const {
  return fmt::format(R"({{"type":"integer","minimum":{},"maximum":{}}})", min, max);
}

std::string duration::schema() const {
  return any_of(zero, matching(fmt::format("0|({})+", time)));
}

std::string moment::schema() const {
  return any_of(zero, matching("0|([0-9]+(ms|us))+"));
}

std::string size::schema() const {
  return any_of(zero, matching(fmt::format("0|({})+", bytes)));
}

std::string text::schema() const {
  return std::string(any_string);
}

std::string texts::schema() const {
  auto const list = list_of(any_string);
  return alone ? any_of(any_string, list) : list;
}

std::string rate::schema() const {
  return matching(fmt::format("[0-9]+/(h|m|min|s|ms|({})+)", time));
}

std::string percentage::schema() const {
  return matching("[0-9]+%");
}

std::string share_rate::schema() const {
  return matching(fmt::format("[0-9]+%/(h|m|min|s|ms|({})+)", time));
}

std::string memory::schema() const {
  return matching(fmt::format("[0-9]+%|({})+", bytes));
}

std::string source_type::schema() const {
  return R"({"$ref":"#/$defs/source"})";
}

std::string policy::schema() const {
  constexpr std::string_view named = R"({"$ref":"#/$defs/policy"})";
  return may_be_empty ? any_of(R"({"const":""})", named) : std::string(named);
}

std::string labels::schema() const {
  return fmt::format(R"({{"type":"object","additionalProperties":{}}})", any_string);
}

std::string instances::schema() const {
  auto const table = table_of(fmt::format(R"("addr":{0},"weight":{1},"zone":{0},"metadata":{2},"draining":{3})",
                                          any_string, count{1, 1000}.schema(), labels{}.schema(), flag{}.schema()),
                              "addr");
  return fmt::format(R"({{"type":"array","minItems":1,"items":{}}})", any_of(any_string, table));
}

std::string test::schema() const {
  return any_of(any_string, table_of(tests));
}

std::string named_tests::schema() const {
  auto const one = table_of(fmt::format(R"("name":{},{})", any_string, tests), "name");
  return any_of(one, list_of(one));
}

}  // namespace gw::config::types
