// The head scanner against nlohmann's parser: equal verdicts on every text, whole and cut at any byte.
#include "wire/json_head.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

namespace {

using gw::wire::head_verdict;
using gw::wire::validation;
using nlohmann::json;

void require(bool holds) {
  if (!holds) std::abort();
}

// What the reference parser sees of the member "method" at top level.
struct reference final : nlohmann::json_sax<json> {
  std::size_t depth = 0;
  bool is_object = false;
  bool too_deep = false;
  bool cannot_tell = false;  // the reference converts numbers and refuses those that overflow
  std::size_t keys = 0;
  bool here = false;
  std::optional<std::string> value;

  bool other() {
    here = false;
    return true;
  }
  bool open() {
    here = false;
    too_deep = ++depth > gw::wire::max_json_depth;
    return !too_deep;
  }
  bool null() override { return other(); }
  bool boolean(bool) override { return other(); }
  bool number_integer(number_integer_t) override { return other(); }
  bool number_unsigned(number_unsigned_t) override { return other(); }
  bool number_float(number_float_t, string_t const&) override { return other(); }
  bool binary(binary_t&) override { return other(); }
  bool string(string_t& text) override {
    if (here) value = text;
    return other();
  }
  bool start_object(std::size_t) override {
    if (depth == 0) is_object = true;
    return open();
  }
  bool start_array(std::size_t) override { return open(); }
  bool key(string_t& name) override {
    here = depth == 1 && name == "method";
    keys += here ? 1 : 0;
    return true;
  }
  bool end_object() override { return --depth, true; }
  bool end_array() override { return --depth, true; }
  bool parse_error(std::size_t, std::string const&, json::exception const& e) override {
    cannot_tell = e.id == 406;
    return false;
  }
};

head_verdict streamed(gw::wire::head_rules const& rules, std::string_view text, std::size_t cut, std::size_t step) {
  gw::wire::tail_walk tail{rules};
  bool going = tail.feed(text.substr(0, cut));
  for (auto at = cut; going && at < text.size(); at += step) going = tail.feed(text.substr(at, step));
  if (going) tail.finish();
  return tail.fault();
}

void check_cut(gw::wire::head_rules const& rules, std::string_view text, std::size_t cut, gw::wire::head const& whole) {
  gw::wire::head_scanner scanner{rules};
  auto const head = scanner.scan_prefix(text.substr(0, cut));
  if (head.verdict == head_verdict::undecided) return;
  if (head.verdict != head_verdict::found) {
    require(head.verdict == whole.verdict);
    return;
  }
  if (whole.verdict == head_verdict::found) require(head.value == whole.value);
  for (std::size_t const step : {1U, 5U, 64U, 1U << 20}) require(streamed(rules, text, cut, step) == whole.verdict);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  if (size < 2) return 0;
  auto const cut = static_cast<std::size_t>(data[0]) | static_cast<std::size_t>(data[1]) << 8;
  std::string_view const text{reinterpret_cast<char const*>(data) + 2, size - 2};

  reference dom;
  // The reference skips a byte order mark and takes a zero byte for the end of the text.
  bool const foreign = text.starts_with("\xEF\xBB\xBF") || text.find('\0') != std::string_view::npos;
  bool const parsed = !foreign && json::sax_parse(text, &dom);
  bool const valid = parsed && dom.is_object;
  bool const ascii = std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });

  for (auto const level : {validation::routing, validation::structure, validation::grammar}) {
    for (bool const lenient : {false, true}) {
      gw::wire::head_rules const rules{.key = "method", .level = level, .lenient = lenient};
      gw::wire::head_scanner scanner{rules};
      auto const head = scanner.scan(text);
      require(head.verdict != head_verdict::undecided);
      require(head.at <= text.size());
      check_cut(rules, text, std::min(cut, text.size()), head);
      if (dom.cannot_tell) continue;
      if (valid) {
        bool const usable = dom.keys == 1 && dom.value && dom.value->size() <= gw::wire::max_key_value;
        auto const expected = dom.keys == 0 ? head_verdict::no_key
                              : usable      ? head_verdict::found
                                            : head_verdict::bad_key;
        require(head.verdict == expected);
        if (usable) require(head.value == *dom.value);
      } else if (level == validation::grammar && !lenient && (ascii || foreign || dom.too_deep)) {
        // A bad key may be met before the fault that the reference found.
        require(head.verdict == head_verdict::not_json || head.verdict == head_verdict::bad_key);
      }
    }
  }
  return 0;
}
