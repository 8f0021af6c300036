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

TEST_CASE("the pieces of a message are frames that a decoder puts together again, masked or not") {
  for (auto const* const key : {static_cast<mask_key const*>(nullptr), &fresh}) {
    std::string parts[] = {"one ", "two ", ""};
    std::string sent;
    for (std::size_t i = 0; i < 3; ++i) {
      auto const frame = frame_piece(parts[i], {.op = opcode::binary, .first = i == 0, .last = i == 2}, key);
      CHECK(frame.size() == frame.header().size() + frame.payload().size());
      sent.append(frame.header()).append(frame.payload());
    }
    auto const expected = make_frame(opcode::binary, "one ", key, false) +
                          make_frame(opcode::continuation, "two ", key, false) +
                          make_frame(opcode::continuation, "", key);
    CHECK(text_of(sent) == text_of(expected));
  }
}

}  // namespace
}  // namespace gw::wire
