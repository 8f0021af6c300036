#include "cluster/health.hpp"

#include "cluster/pool_scene_test.hpp"

#include "testing/catch.hpp"

using namespace std::chrono_literals;
using namespace gw::cluster;

namespace {

/// The verdicts behind each of the checks, of which `+` is a good one.
std::string verdicts(std::string_view checks, std::size_t rise, std::size_t fall) {
  health_record tested;
  std::string told;
  for (char const c : checks) {
    auto const before = tested.is();
    bool const changed = tested.note(c == '+' ? finding::good : finding::bad_status, {.rise = rise, .fall = fall});
    CHECK(changed == (tested.is() != before));
    told += std::string_view(".+-")[static_cast<std::size_t>(tested.is())];
  }
  return told;
}

void examined(pool_scene& s, std::size_t index, verdict what) {
  s.tested.examined(s.id(index), what, what == verdict::healthy ? finding::good : finding::too_late, s.now);
}

}  // namespace

TEST_CASE("it takes as many checks in a row as configured to make an instance healthy or unhealthy") {
  CHECK(health_record().is() == verdict::unknown);
  CHECK(verdicts("+", 1, 2) == "+");
  CHECK(verdicts("--", 1, 2) == ".-");
  CHECK(verdicts("+-+--+-", 1, 2) == "++++-++");
  CHECK(verdicts("++-+---+-+++", 3, 3) == "......-----+");
}

TEST_CASE("an unhealthy instance is not chosen, and is told with what was found") {
  pool_scene s(hosts(3));
  examined(s, 1, verdict::unhealthy);
  CHECK(s.available() == 2);
  CHECK(s.fill(100) == std::vector{50, 0, 50});
  CHECK(s.state(1).is == standing::kind::unhealthy);
  CHECK(s.state(1).reason == "check: not done in time");
  examined(s, 1, verdict::healthy);
  CHECK(s.available() == 3);
  CHECK(s.state(1).is == standing::kind::available);
  CHECK(s.fill(50) == std::vector{0, 50, 0});
}

TEST_CASE("an instance that becomes healthy again starts slowly") {
  pool_scene s(hosts(3), {.slow_start = 90s});
  examined(s, 2, verdict::healthy);
  CHECK(s.fill(300) == std::vector{100, 100, 100});
  examined(s, 2, verdict::unhealthy);
  s.load(2).add(0, -100);
  examined(s, 2, verdict::healthy);
  CHECK(s.fill(10) == std::vector{0, 0, 10});  // a tenth of its share
  CHECK(s.fill(42) == std::vector{20, 20, 2});
}

TEST_CASE("with fewer than the panic percentage healthy the checks are not believed") {
  pool_scene s(hosts(4));
  examined(s, 0, verdict::unhealthy);
  examined(s, 1, verdict::unhealthy);
  CHECK(s.available() == 2);
  examined(s, 2, verdict::unhealthy);
  CHECK(s.available() == 4);
  CHECK(s.fill(100) == std::vector{25, 25, 25, 25});
  CHECK(s.state(0).is == standing::kind::available);
  CHECK(s.state(0).reason == "check: not done in time");
  examined(s, 0, verdict::healthy);
  CHECK(s.available() == 2);
}

TEST_CASE("without a panic percentage the checks are always believed, and nobody is left but one probe a second") {
  pool_scene s(hosts(2), {.panic_percent = 0});
  examined(s, 0, verdict::unhealthy);
  examined(s, 1, verdict::unhealthy);
  CHECK(s.available() == 0);
  CHECK(s.choose().has_value());
  CHECK_FALSE(s.choose().has_value());
  s.now += 1s;
  CHECK(s.choose().has_value());
}

TEST_CASE("a verdict stays over new snapshots, and a draining instance has no part in the panic percentage") {
  pool_scene s(hosts(3));
  examined(s, 0, verdict::unhealthy);
  s.becomes(hosts(3));
  CHECK(s.available() == 2);
  s.becomes({at_host(1), draining(at_host(2)), at_host(3)});
  CHECK(s.available() == 1);
  s.becomes({at_host(1), draining(at_host(2)), draining(at_host(3))});
  CHECK(s.available() == 1);  // the unhealthy one: there is nobody else
  CHECK(s.choose() == 0);
}

TEST_CASE("the keys of an unhealthy instance go to others, and a rule that names it may try it once a second") {
  pool_scene s(hosts(3));
  examined(s, 0, verdict::unhealthy);
  for (std::uint64_t key = 0; key < 100; ++key) CHECK(s.tested.for_key(mixed(key), s.now) != s.id(0));
  CHECK(s.tested.may_dial(s.id(0), s.now));
  CHECK_FALSE(s.tested.may_dial(s.id(0), s.now));
  s.now += 1s;
  CHECK(s.tested.may_dial(s.id(0), s.now));
}

TEST_CASE("what is held or ejected stays so, however healthy the checks find it") {
  pool_scene s(hosts(2));
  s.refuse(0);
  examined(s, 0, verdict::healthy);
  CHECK(s.state(0).is == standing::kind::held);
  examined(s, 1, verdict::unhealthy);
  s.tested.examined(instance_id{42}, verdict::unhealthy, finding::bad_status, s.now);
  CHECK(s.available() == 0);
}
