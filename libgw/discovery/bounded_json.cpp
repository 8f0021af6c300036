#include "discovery/bounded_json.hpp"

#include "core/letters.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>

namespace gw::discovery {
namespace {

using nlohmann::json;

constexpr std::size_t deepest = 64;
constexpr std::size_t most_values = 2'000'000;

/// Looks before the tree is built.
class judge final : public nlohmann::json_sax<json> {
 public:
  std::string fault = "is not JSON";

  bool null() override { return count(); }
  bool boolean(bool) override { return count(); }
  bool number_integer(number_integer_t) override { return count(); }
  bool number_unsigned(number_unsigned_t) override { return count(); }
  bool number_float(number_float_t, string_t const&) override { return count(); }
  bool string(string_t&) override { return count(); }
  bool binary(binary_t&) override { return count(); }
  bool key(string_t&) override { return true; }
  bool start_object(std::size_t) override { return enter(); }
  bool start_array(std::size_t) override { return enter(); }
  bool end_object() override { return leave(); }
  bool end_array() override { return leave(); }
  bool parse_error(std::size_t at, std::string const&, json::exception const&) override {
    fault = "is not JSON at byte " + std::to_string(at);
    return false;
  }

 private:
  bool count() {
    if (++values_ > most_values) fault = "has too many values";
    return values_ <= most_values;
  }
  bool enter() {
    if (++depth_ > deepest) fault = "is nested too deep";
    return depth_ <= deepest && count();
  }
  bool leave() {
    --depth_;
    return true;
  }

  std::size_t depth_ = 0;
  std::size_t values_ = 0;
};

}  // namespace

result<json_document> parse_bounded(std::string_view text) {
  judge first;
  if (!json::sax_parse(text, &first)) return error{errc::parse_error, side::upstream, "the answer " + first.fault, {}};
  return json_document{json::parse(text, nullptr, false)};
}

json const& member(json const& of, std::string_view name) {
  static json const none;
  if (!of.is_object()) return none;
  auto const found = of.find(name);
  return found == of.end() ? none : *found;
}

std::string text_of(json const& value) {
  return value.is_string() ? value.get<std::string>() : std::string();
}

std::optional<std::int64_t> number_of(json const& value) {
  if (value.is_number_unsigned()) {
    auto const number = value.get<std::uint64_t>();
    if (number > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
    return static_cast<std::int64_t>(number);
  }
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (!value.is_string()) return std::nullopt;
  auto const& text = value.get_ref<std::string const&>();
  std::int64_t number = 0;
  auto const [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool truth_of(json const& value, bool otherwise) {
  if (value.is_boolean()) return value.get<bool>();
  if (!value.is_string()) return otherwise;
  auto const& text = value.get_ref<std::string const&>();
  if (same_letters(text, "true")) return true;
  return same_letters(text, "false") ? false : otherwise;
}

std::vector<json const*> elements_of(json const& value) {
  std::vector<json const*> all;
  if (value.is_array()) {
    for (auto const& element : value) all.push_back(&element);
  } else if (!value.is_null()) {
    all.push_back(&value);
  }
  return all;
}

}  // namespace gw::discovery
