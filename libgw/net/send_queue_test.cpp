#include "net/send_queue.hpp"

#include "testing/catch.hpp"

#include <array>
#include <vector>

using gw::net::send_queue;

namespace {

std::string waiting(send_queue const& q) {
  std::array<iovec, 64> parts;
  std::string all;
  for (std::size_t i = 0, n = q.gather(parts); i < n; ++i) {
    all.append(static_cast<char const*>(parts[i].iov_base), parts[i].iov_len);
  }
  return all;
}

}  // namespace

TEST_CASE("what is appended waits in order, over several chunks") {
  gw::chunk_pool pool;
  send_queue q(pool);
  std::string expected;
  for (int i = 0; i < 40; ++i) {
    std::string const part(static_cast<std::size_t>(i) * 501, static_cast<char>('a' + i % 26));
    q.append(part);
    expected += part;
  }
  CHECK(q.size() == expected.size());
  CHECK(waiting(q) == expected);

  q.sent(70'000);
  CHECK(waiting(q) == expected.substr(70'000));
  q.sent(q.size());
  CHECK(q.empty());
  CHECK(waiting(q).empty());
}

TEST_CASE("a message counts as handed over from its first byte on") {
  gw::chunk_pool pool;
  send_queue q(pool);
  for (std::uint64_t seq : {3U, 5U, 9U}) {
    q.begin_message(seq, 10);
    q.append("0123456789");
  }
  CHECK(q.last_handed() == 0);
  CHECK(q.unsent_messages() == 3);
  q.sent(10);
  CHECK(q.last_handed() == 3);
  q.sent(1);
  CHECK(q.last_handed() == 5);
  CHECK(q.unsent_messages() == 1);
  q.sent(19);
  CHECK(q.last_handed() == 9);
  CHECK(q.unsent_messages() == 0);
  q.handed_directly(11);
  CHECK(q.last_handed() == 11);
}

TEST_CASE("a queue begins with what its first run needs and goes on in larger blocks") {
  gw::counter taken;
  gw::chunk_pool pool(64, &taken);
  send_queue q(pool);
  q.begin_message(1, 300);
  q.append(std::string(300, 'x'));
  CHECK(taken.get() == gw::chunk::tiny_size);
  q.append(std::string(300, 'x'));
  CHECK(taken.get() == gw::chunk::tiny_size + gw::chunk::small_size);
  q.append(std::string(5'000, 'x'));
  CHECK(taken.get() == gw::chunk::tiny_size + gw::chunk::small_size + gw::chunk::large_size);
  q.clear();
  CHECK(taken.get() == 0);

  q.begin_message(2, 3'000);
  CHECK(taken.get() == gw::chunk::small_size);
  q.append(std::string(3'000, 'x'));
  CHECK(taken.get() == gw::chunk::small_size);
}

TEST_CASE("the number of the last handed message survives the chunks it lay in") {
  gw::chunk_pool pool;
  send_queue q(pool);
  std::string const big(100'000, 'x');
  for (std::uint64_t seq = 1; seq <= 5; ++seq) {
    q.begin_message(seq, big.size());
    q.append(big);
  }
  for (std::uint64_t seq = 1; seq <= 5; ++seq) {
    q.sent(1);
    CHECK(q.last_handed() == seq);
    CHECK(q.unsent_messages() == 5 - seq);
    q.sent(big.size() - 1);
    CHECK(q.last_handed() == seq);
  }
}

TEST_CASE("the messages that wait can be walked with their first bytes") {
  gw::chunk_pool pool;
  send_queue q(pool);
  for (std::uint64_t seq = 1; seq <= 2000; ++seq) {
    q.begin_message(seq, 100);
    q.append("m" + std::to_string(seq) + std::string(100, '.'));
  }
  q.sent(103);  // the whole first one and a byte of the second
  std::vector<std::uint64_t> seen;
  q.for_each_unsent(50, [&](std::uint64_t seq, std::string const& first) {
    seen.push_back(seq);
    CHECK(first.substr(0, 1 + std::to_string(seq).size()) == "m" + std::to_string(seq));
    CHECK((first.size() == 50));
  });
  REQUIRE(seen.size() == 1998);
  CHECK(seen.front() == 3);
  CHECK(seen.back() == 2000);
}
