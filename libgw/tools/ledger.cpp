#include "tools/ledger.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <boost/crc.hpp>

#include <cerrno>
#include <charconv>

namespace gw::tools {
namespace {

constexpr std::size_t crc_digits = 8;
constexpr std::string_view crc_member = R"(,"crc":")";
constexpr std::string_view stamp_end = R"("}})";
constexpr std::string_view ack_end = R"("})";

std::string crc_of(std::string_view text) {
  boost::crc_32_type crc;
  crc.process_bytes(text.data(), text.size());
  return fmt::format("{:08x}", crc.checksum());
}

std::string with_crc(std::string text, std::string_view end) {
  auto const crc = crc_of(text);
  text.append(crc_member).append(crc).append(end);
  return text;
}

/// The text before the crc; nothing if it is not the crc of that text.
std::optional<std::string_view> checked(std::string_view text, std::string_view end) {
  auto const tail = crc_member.size() + crc_digits + end.size();
  if (text.size() < tail || !text.ends_with(end)) return {};
  auto const body = text.substr(0, text.size() - tail);
  auto const rest = text.substr(body.size());
  if (!rest.starts_with(crc_member) || rest.substr(crc_member.size(), crc_digits) != crc_of(body)) return {};
  return body;
}

/// Reads a text of known shape from its front.
class reader {
 public:
  explicit reader(std::string_view text) noexcept : rest_(text) {}

  reader& skip(std::string_view expected) {
    good_ = good_ && rest_.starts_with(expected);
    if (good_) rest_.remove_prefix(expected.size());
    return *this;
  }
  reader& word(std::string_view& into) {
    auto const end = rest_.find('"');
    good_ = good_ && end != std::string_view::npos;
    if (good_) {
      into = rest_.substr(0, end);
      rest_.remove_prefix(end);
    }
    return *this;
  }
  reader& number(std::uint64_t& into) {
    auto const [end, failed] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), into);
    good_ = good_ && failed == std::errc();
    if (good_) rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return *this;
  }
  bool good() const noexcept { return good_; }

 private:
  std::string_view rest_;
  bool good_ = true;
};

}  // namespace

std::string make_stamped(ledger_stamp const& s, std::size_t padding) {
  auto text = fmt::format(
      R"({{"method":"/api/v1/{}/ledger","data":{{"run":"{}","client":{},"session":{},"service":"{}","n":{},"pad":")",
      s.service, s.run, s.client, s.session, s.service, s.n);
  text.append(padding, 'x').push_back('"');
  return with_crc(std::move(text), stamp_end);
}

std::optional<ledger_stamp> read_stamped(std::string_view text) {
  auto const body = checked(text, stamp_end);
  if (!body) return {};
  ledger_stamp s;
  std::string_view routed;
  reader from(*body);
  from.skip(R"({"method":")").word(routed).skip(R"(","data":{"run":")").word(s.run).skip(R"(","client":)");
  from.number(s.client).skip(R"(,"session":)").number(s.session).skip(R"(,"service":")").word(s.service);
  from.skip(R"(","n":)").number(s.n).skip(R"(,"pad":")");
  if (!from.good()) return {};
  return s;
}

std::string make_ack(ledger_ack const& a) {
  return with_crc(fmt::format(R"({{"service":"{}","instance":"{}","client":{},"session":{},"n":{})", a.service,
                              a.instance, a.client, a.session, a.n),
                  ack_end);
}

std::optional<ledger_ack> read_ack(std::string_view text) {
  auto const body = checked(text, ack_end);
  if (!body) return {};
  ledger_ack a;
  reader from(*body);
  from.skip(R"({"service":")").word(a.service).skip(R"(","instance":")").word(a.instance).skip(R"(","client":)");
  from.number(a.client).skip(R"(,"session":)").number(a.session).skip(R"(,"n":)").number(a.n);
  if (!from.good()) return {};
  return a;
}

std::string ledger_line(ledger_stamp const& s, std::string_view instance, std::string_view connection) {
  return fmt::format("{} {} {} {} {} {} {}\n", s.run, s.client, s.session, s.service, s.n, instance, connection);
}

std::string bad_ledger_line(std::string_view instance, std::string_view connection) {
  return fmt::format("bad {} {}\n", instance, connection);
}

result<std::shared_ptr<ledger>> ledger::open(std::string const& path) {
  net::unique_fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!fd) return error{errc::io, side::gateway, "cannot open the ledger " + path, {errno, std::system_category()}};
  return std::shared_ptr<ledger>(new ledger(std::move(fd)));
}

result<> ledger::append(std::string_view lines) {
  while (!lines.empty()) {
    auto const written = ::write(fd_.get(), lines.data(), lines.size());
    if (written > 0) {
      lines.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      return error{errc::io, side::gateway, "cannot write the ledger", {errno, std::system_category()}};
    }
  }
  return {};
}

std::string ledger::name_connection() {
  return fmt::format("{}-{}", ::getpid(), ++connections_);
}

}  // namespace gw::tools
