// Relaying in place gives the bytes that decoding a frame and making it anew would give, in both directions.
// Input: frames as [settings][size, two bytes][four bytes of key][payload]; a short payload is repeated.
#include "wire/relay.hpp"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace gw::wire;

struct message {
  opcode op;
  mask_key came_with;
  std::string payload;
};

std::vector<message> messages_of(std::string_view data) {
  constexpr std::size_t head = 7;
  std::vector<message> all;
  std::size_t total = 0;
  while (data.size() > head && total < 500'000) {
    auto const at = [&](std::size_t i) { return static_cast<unsigned char>(data[i]); };
    message m{(at(0) & 1U) != 0 ? opcode::text : opcode::binary, {at(3), at(4), at(5), at(6)}, {}};
    // Up to 70,000 bytes, so that every length form is met.
    std::size_t const size = (unsigned{at(1)} | unsigned{at(2)} << 8U) * ((at(0) & 2U) != 0 ? 70'000U : 300U) / 65'535U;
    data.remove_prefix(head);
    std::string_view const seed = data.substr(0, size);
    data.remove_prefix(seed.size());
    while (m.payload.size() < size) m.payload += seed.empty() ? "x" : seed.substr(0, size - m.payload.size());
    if (m.op == opcode::text) {
      for (char& c : m.payload) c = static_cast<char>(c & 0x7F);
    }
    total += size;
    all.push_back(std::move(m));
  }
  return all;
}

void require(bool holds) {
  if (!holds) std::abort();
}

void relay(role we_are, std::vector<message> const& all) {
  std::string bytes;
  std::string expected;
  for (message const& m : all) {
    mask_key const fresh = {m.came_with[2], m.came_with[3], 0x5A, m.came_with[0]};
    bytes += make_frame(m.op, m.payload, we_are == role::server ? &m.came_with : nullptr);
    expected += make_frame(m.op, m.payload, we_are == role::server ? &fresh : nullptr);
  }
  std::vector<char> buffer(bytes.begin(), bytes.end());
  std::span<char> input{buffer};
  decoder d(we_are, 0);
  for (message const& m : all) {
    event const e = d.next(input);
    require(e.what == event::kind::message && e.op == m.op);
    require(std::string_view(e.payload.data(), e.payload.size()) == m.payload);
    mask_key const fresh = {m.came_with[2], m.came_with[3], 0x5A, m.came_with[0]};
    auto const sent = we_are == role::server ? remask_in_place(e, fresh) : unmasked_in_place(e);
    require(sent.data() + sent.size() == input.data());
  }
  require(input.empty() && d.at_boundary());
  // The frames lie side by side, as they came.
  require(std::string_view(buffer.data(), buffer.size()) == expected);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  auto const all = messages_of({reinterpret_cast<char const*>(data), size});
  relay(role::server, all);
  relay(role::client, all);
  return 0;
}
