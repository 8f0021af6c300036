#include "cluster/levelling.hpp"

#include "testing/catch.hpp"

#include <map>

using namespace gw::cluster;

namespace {

constexpr instance_id id_of(std::size_t number) {
  return instance_id{100 + number};
}

/// Moves all that should move, and says how the channels lie then.
std::vector<std::int64_t> levelled(std::vector<place> places) {
  std::map<instance_id, std::size_t> number;
  for (std::size_t i = 0; i < places.size(); ++i) number[places[i].id = id_of(i)] = i;
  levelling plan(places);
  for (std::size_t i = 0; i < places.size(); ++i) {
    for (auto next = plan.advise(id_of(i)); next.goes; next = plan.advise(id_of(i))) {
      --places[i].channels;
      ++places[number.at(*next.to)].channels;
    }
  }
  CHECK(plan.is_level());
  std::vector<std::int64_t> channels;
  for (auto const& p : places) channels.push_back(p.channels);
  return channels;
}

place with(std::int64_t channels, std::int64_t strength = 1, unsigned group = 0) {
  return {.group = group, .channels = channels, .own = channels, .strength = strength};
}

using counts = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("channels move until no instance has more than one too many for its strength") {
  CHECK(levelled({with(500), with(500), with(0)}) == counts{333, 334, 333});
  CHECK(levelled({with(2), with(0)}) == counts{1, 1});
  CHECK(levelled({with(90), with(0, 2)}) == counts{30, 60});
  CHECK(levelled({with(10), with(0), with(0), with(0)}) == counts{3, 3, 2, 2});
}

TEST_CASE("nothing moves where it would not make things better") {
  for (auto const& level : std::vector<std::vector<place>>{
           {}, {with(0)}, {with(9)}, {with(1), with(0)}, {with(4), with(3), with(3)}, {with(4), with(8, 2)}}) {
    counts before;
    for (auto const& p : level) before.push_back(p.channels);
    CHECK(levelling(level).is_level());
    CHECK(levelled(level) == before);
  }
}

TEST_CASE("channels stay in their group") {
  CHECK(levelled({with(8, 1, 0), with(0, 1, 0), with(0, 1, 1), with(6, 1, 1)}) == counts{4, 4, 3, 3});
}

TEST_CASE("a worker moves of what is too much the part that is its own, so that two together move no more than that") {
  std::vector<place> const seen = {{.id = id_of(0), .channels = 100, .own = 50}, {.id = id_of(1)}};
  levelling plan(seen);
  int moved = 0;
  while (plan.advise(id_of(0)) == advice{true, id_of(1)}) ++moved;
  CHECK(moved == 25);
  CHECK(plan.is_level());
}

TEST_CASE("an instance that takes no part in it keeps what it has and gets nothing") {
  levelling plan({{.id = id_of(0), .group = place::alone, .channels = 9, .own = 9},
                  {.id = id_of(1), .channels = 1},
                  {.id = id_of(2), .group = place::alone}});
  CHECK(plan.is_level());
  for (std::size_t i = 0; i < 3; ++i) CHECK_FALSE(plan.advise(id_of(i)).goes);
}

TEST_CASE("from an instance that is not among them all go, wherever the balancer says") {
  levelling plan({{.id = id_of(0)}});
  for (int i = 0; i < 3; ++i) CHECK(plan.advise(id_of(7)) == advice{true, std::nullopt});
}
