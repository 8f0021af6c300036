#include "core/chunk_pool.hpp"

#include "testing/catch.hpp"

TEST_CASE("the chunk given back last is taken out first") {
  gw::chunk_pool pool;
  auto first = pool.take(1);
  auto second = pool.take(1);
  auto* const warm = second.get();
  pool.give_back(std::move(first));
  pool.give_back(std::move(second));
  CHECK(pool.take(1).get() == warm);
}

TEST_CASE("a reused chunk is empty again") {
  gw::chunk_pool pool;
  auto used = pool.take(1);
  used->begin = 3;
  used->end = 9;
  used->marks = 2;
  pool.give_back(std::move(used));
  auto again = pool.take(1);
  CHECK(again->begin == 0);
  CHECK(again->end == 0);
  CHECK(again->marks == 0);
}

TEST_CASE("the pool tells how much memory is taken, not what it keeps") {
  gw::counter taken;
  gw::chunk_pool pool(1, &taken);
  auto first = pool.take(1);
  auto second = pool.take(1);
  CHECK(taken.get() == 2 * gw::chunk::tiny_size);
  pool.give_back(std::move(first));
  pool.give_back(std::move(second));  // one more than it keeps
  CHECK(taken.get() == 0);
}

TEST_CASE("a block is as small as what is wanted allows, and each size is kept apart") {
  gw::counter taken;
  gw::chunk_pool pool(1, &taken);
  auto tiny = pool.take(gw::chunk::tiny_size - sizeof(gw::chunk));
  CHECK(tiny->capacity() == gw::chunk::tiny_size - sizeof(gw::chunk));
  pool.give_back(std::move(tiny));
  CHECK(taken.get() == 0);
  auto small = pool.take(gw::chunk::tiny_size - sizeof(gw::chunk) + 1);
  CHECK(small->capacity() == gw::chunk::small_size - sizeof(gw::chunk));
  pool.give_back(std::move(small));
  small = pool.take(gw::chunk::small_size - sizeof(gw::chunk));
  CHECK(small->capacity() == gw::chunk::small_size - sizeof(gw::chunk));
  auto large = pool.take(small->capacity() + 1);
  CHECK(large->capacity() == gw::chunk::large_size - sizeof(gw::chunk));
  CHECK(taken.get() == gw::chunk::small_size + gw::chunk::large_size);
  auto* const warm = large.get();
  pool.give_back(std::move(large));
  pool.give_back(std::move(small));
  CHECK(pool.take(gw::chunk::large_size).get() == warm);
}
