#include "wire/relay.hpp"

#include "testing/catch.hpp"

#include <string>

namespace gw::wire {
namespace {

mask_key const old_key = {0x37, 0xFA, 0x21, 0x3D};
mask_key const fresh = {0xDE, 0xAD, 0xBE, 0xEF};

std::string text_of(std::span<char const> bytes) {
  return {bytes.data(), bytes.size()};
}

TEST_CASE("a client's message leaves with the fresh key and the same length, its neighbours untouched") {
  for (std::size_t const size : {0U, 1U, 125U, 126U, 65'535U, 65'536U}) {
    for (opcode const op : {opcode::text, opcode::binary}) {
      std::string const payload(size, 'p');
      std::string const frame = make_frame(op, payload, &old_key);
      std::string bytes = "before" + frame + "behind";
      std::span<char> input{bytes.data() + 6, frame.size()};
      decoder d(role::server, 0);
      auto const sent = remask_in_place(d.next(input), fresh);
      CHECK(sent.data() == bytes.data() + 6);
      bool const as_made = text_of(sent) == make_frame(op, payload, &fresh);
      CHECK(as_made);
      CHECK(bytes.starts_with("before"));
      CHECK(bytes.ends_with("behind"));
    }
  }
}

TEST_CASE("an upstream's message leaves as it came") {
  for (std::size_t const size : {0U, 1U, 125U, 126U, 65'535U, 65'536U}) {
    std::string const frame = make_frame(opcode::text, std::string(size, 'p'), nullptr);
    std::string bytes = frame;
    std::span<char> input{bytes};
    decoder d(role::client, 0);
    auto const sent = unmasked_in_place(d.next(input));
    CHECK(sent.data() == bytes.data());
    bool const same = text_of(sent) == frame;
    CHECK(same);
  }
}

}  // namespace
}  // namespace gw::wire
