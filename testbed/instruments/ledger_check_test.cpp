#include "instruments/ledger_check.hpp"

#include "testing/catch.hpp"

#include <sstream>

using namespace gw::testbed;

namespace {

/// Two clients, each with three messages to `a`; the channel of client 1 breaks behind its first.
constexpr std::string_view journal =
    "O 1 1 10\n"
    "O 2 1 10\n"
    "S 1 1 1 a 1 11\n"
    "S 2 1 1 a 1 11\n"
    "A 1 1 1 1 a 1 a-1 12\n"
    "S 1 1 2 a 2 13\n"
    "S 1 1 3 a 3 13\n"
    "A 2 1 2 1 a 1 a-1 13\n"
    "N 1 1 a 1 2 1006 14\n"
    "S 2 1 2 a 2 15\n"
    "S 1 1 4 a 4 15\n"
    "A 1 1 1 1 a 4 a-2 16\n"
    "E 2 1 2 2 QUEUE_FULL 0 16\n"
    "S 2 1 3 a 3 17\n"
    "A 2 1 2 1 a 3 a-1 18\n"
    "S 2 1 4 a 4 18\n"
    "F 1 1 19\n"
    "C 2 1 1012 19\n";
constexpr std::string_view taken =
    "r 1 1 a 1 a-1 7-1\n"
    "r 2 1 a 1 a-1 7-2\n"
    "r 1 1 a 2 a-1 7-1\n"
    "r 1 1 a 4 a-2 8-1\n"
    "r 2 1 a 3 a-1 7-2\n";

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string changed(text);
  auto const at = changed.find(from);
  REQUIRE(at != std::string::npos);
  changed.replace(at, from.size(), to);
  return changed;
}

ledger_check checked(std::string const& seen, std::string const& ledger) {
  ledger_check check;
  std::istringstream from(seen), of(ledger);
  for (std::string line; std::getline(from, line);) check.journal_line(line);
  for (std::string line; std::getline(of, line);) check.ledger_line(line);
  check.finish();
  return check;
}

/// One line of the journal or of the ledger is changed; exactly one violation follows, of the kind `expected`.
void check(std::string_view from, std::string_view to, violation expected, std::string_view in = journal) {
  CAPTURE(from, to);
  bool const is_journal = in == journal;
  auto const doctored = replaced(in, from, to);
  auto const found = checked(is_journal ? doctored : std::string(journal), is_journal ? std::string(taken) : doctored);
  CAPTURE(found.evidence());
  for (std::size_t i = 0; i < violations; ++i) {
    auto const v = static_cast<violation>(i);
    CAPTURE(name_of(v));
    CHECK(found.count(v) == (v == expected ? 1 : 0));
  }
  CHECK(found.evidence().size() == 1);
}

}  // namespace

TEST_CASE("A journal and ledgers without a broken promise are clean") {
  auto const found = checked(std::string(journal), std::string(taken));
  CAPTURE(found.evidence());
  CHECK(found.clean());
  auto const& all = found.all();
  CHECK(all.sent == 8);
  CHECK(all.acked == 4);
  CHECK(all.refused == 1);
  CHECK(all.unknown == 2);  // client 1's n 2 behind the notice, client 2's n 4 behind the Close
  CHECK(all.unknown_taken == 1);
  CHECK(all.undelivered == 1);  // client 1's n 3: behind lastSeq, and a later one was answered
  CHECK(all.taken == 5);
}

TEST_CASE("An answered message that no ledger holds is lost") {
  check("r 2 1 a 3 a-1 7-2\n", "", violation::lost_acked, taken);
}

TEST_CASE("A message or an answer on another's channel is misrouted") {
  check("A 2 1 2 1 a 3 a-1 18", "A 2 1 2 1 a 3 a-1 18\nA 2 1 1 1 a 3 a-1 18", violation::misrouted);
  check("A 2 1 2 1 a 3 a-1 18", "A 2 1 2 1 a 3 a-1 18\nA 2 1 2 2 a 3 a-1 18", violation::misrouted);
  check("A 2 1 2 1 a 3 a-1 18", "A 2 1 2 1 a 3 b-1 18\nA 2 1 2 1 a 3 a-1 18", violation::misrouted);
  check("r 2 1 a 3 a-1 7-2", "r 2 1 a 3 a-1 7-1", violation::misrouted, taken);
  check("r 2 1 a 3 a-1 7-2", "r 2 1 a 3 a-1 7-2\nr 2 1 a 9 a-1 7-2", violation::misrouted, taken);
  check("r 2 1 a 3 a-1 7-2", "r 2 1 a 3 a-1 7-2\nr 3 1 a 1 a-1 7-2", violation::misrouted, taken);
  check("r 2 1 a 3 a-1 7-2", "r 2 1 a 3 a-1 7-2\nr 2 1 a 4 ab-1 7-2", violation::misrouted, taken);
}

TEST_CASE("What comes behind a later one is reordered") {
  check("r 2 1 a 3 a-1 7-2", "r 2 1 a 4 a-1 7-2\nr 2 1 a 3 a-1 7-2", violation::reordered, taken);
  // The second channel of a service takes what is older than what the first one took.
  check("r 1 1 a 1 a-1 7-1\nr 2 1 a 1 a-1 7-2\nr 1 1 a 2 a-1 7-1\nr 1 1 a 4 a-2 8-1",
        "r 1 1 a 1 a-1 7-1\nr 2 1 a 1 a-1 7-2\nr 1 1 a 4 a-1 7-1\nr 1 1 a 2 a-2 8-1", violation::reordered, taken);
  // An answer for what a notice has already declared unknown.
  check("A 1 1 1 1 a 4 a-2 16", "A 1 1 1 1 a 4 a-2 16\nA 1 1 1 1 a 2 a-1 17", violation::reordered);
}

TEST_CASE("What is taken or answered twice is duplicated") {
  check("A 2 1 2 1 a 3 a-1 18", "A 2 1 2 1 a 3 a-1 18\nA 2 1 2 1 a 3 a-1 18", violation::duplicated);
  check("r 2 1 a 3 a-1 7-2", "r 2 1 a 3 a-1 7-2\nr 2 1 a 3 a-1 7-2", violation::duplicated, taken);
  check("r 1 1 a 4 a-2 8-1", "r 1 1 a 2 a-2 8-1\nr 1 1 a 4 a-2 8-1", violation::duplicated, taken);
}

TEST_CASE("A message of which nothing is heard while its session lives on is silent loss") {
  // Overtaken by a later answer of its channel.
  check("E 2 1 2 2 QUEUE_FULL 0 16\n", "", violation::silent);
  check("N 1 1 a 1 2 1006 14\n", "N 1 1 b 1 2 1006 14\nE 1 1 3 3 QUEUE_FULL 0 14\n", violation::silent);
  // Still waiting when the client gives up.
  check("C 2 1 1012 19", "F 2 1 19", violation::silent);
}

TEST_CASE("A delivered message that was told to be not delivered is a false notice") {
  check("r 2 1 a 3 a-1 7-2", "r 2 1 a 2 a-1 7-2\nr 2 1 a 3 a-1 7-2", violation::false_notice, taken);
  check("r 1 1 a 2 a-1 7-1", "r 1 1 a 2 a-1 7-1\nr 1 1 a 3 a-1 7-1", violation::false_notice, taken);
}

TEST_CASE("Stamps and answers that do not hold are counted") {
  check("r 2 1 a 3 a-1 7-2", "r 2 1 a 3 a-1 7-2\nbad a-1 7-2", violation::crc, taken);
  check("S 2 1 4 a 4 18", "S 2 1 4 a 4 18\nB 2 1 18", violation::crc);
}

TEST_CASE("A journal that cannot be true is not believed") {
  check("F 1 1 19\n", "", violation::malformed);
  check("F 1 1 19", "F 1 1 19\nF 1 1 20", violation::malformed);
  check("F 1 1 19", "F 1 1 19\nX 1 1 20", violation::malformed);
  check("O 2 1 10", "O 2 1 10\nO 2 2 10", violation::malformed);
  check("S 2 1 4 a 4 18", "S 2 1 4 a 6 18", violation::malformed);
  check("S 2 1 4 a 4 18", "S 2 1 4 a four 18", violation::malformed);
  check("r 2 1 a 3 a-1 7-2", "r 2 1 a 3 a-1 7-2\nr 2 1 a", violation::malformed, taken);
}
