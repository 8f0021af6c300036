#include "core/chunk_pool.hpp"

#include "testing/catch.hpp"

TEST_CASE("the chunk given back last is taken out first") {
  gw::chunk_pool pool;
  auto first = pool.take();
  auto second = pool.take();
  auto* const warm = second.get();
  pool.give_back(std::move(first));
  pool.give_back(std::move(second));
  CHECK(pool.take().get() == warm);
}

TEST_CASE("a reused chunk is empty again") {
  gw::chunk_pool pool;
  auto used = pool.take();
  used->begin = 3;
  used->end = 9;
  used->marks = 2;
  pool.give_back(std::move(used));
  auto again = pool.take();
  CHECK(again->begin == 0);
  CHECK(again->end == 0);
  CHECK(again->marks == 0);
}

TEST_CASE("the pool tells how much memory is taken, not what it keeps") {
  gw::counter taken;
  gw::chunk_pool pool(1, &taken);
  auto first = pool.take();
  auto second = pool.take();
  CHECK(taken.get() == 2 * gw::chunk::size);
  pool.give_back(std::move(first));
  pool.give_back(std::move(second));  // one more than it keeps
  CHECK(taken.get() == 0);
}
