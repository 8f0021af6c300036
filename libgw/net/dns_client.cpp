#include "net/dns_client.hpp"

#include "net/event.hpp"
#include "net/timer_wheel.hpp"

#include <ares.h>
#include <fmt/format.h>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <exception>
#include <map>
#include <new>
#include <string_view>
#include <utility>

namespace gw::net {

namespace asio = boost::asio;
using asio::posix::descriptor_base;

namespace {

constexpr int tries = 2;
constexpr int internet = 1;

std::string_view name_of(dns_type type) {
  return type == dns_type::srv ? "SRV" : type == dns_type::a ? "A" : "AAAA";
}

/// c-ares has globals of its own; what it needs for them is counted, and the process keeps it.
bool library_is_ready() {
  static bool const ready = ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS;
  return ready;
}

/// A question under way; lives in the frame of its coroutine.
struct pending {
  explicit pending(executor where) : over(where) {}
  event over;
  int status = ARES_ECANCELLED;
  std::vector<unsigned char> message = {};
};

// c-ares calls this and cannot be thrown through.
void on_answer(void* to, int status, int, unsigned char* message, int size) noexcept {
  auto& asked = *static_cast<pending*>(to);
  asked.status = status;
  try {
    if (message != nullptr) asked.message.assign(message, message + size);
  } catch (std::bad_alloc const&) {
    asked.status = ARES_ENOMEM;
  }
  asked.over.set();
}

error failure(int status, std::string_view question) {
  auto const code = status == ARES_ENOTFOUND || status == ARES_ENODATA         ? errc::no_instance
                    : status == ARES_ETIMEOUT                                  ? errc::connect_timeout
                    : status == ARES_ECANCELLED || status == ARES_EDESTRUCTION ? errc::closed
                    : status == ARES_EBADRESP                                  ? errc::io
                                                                               : errc::connect_failed;
  auto const at = code == errc::closed ? side::gateway : side::upstream;
  return {code, at, fmt::format("DNS {}: {}", question, ares_strerror(status)), {}};
}

}  // namespace

/// c-ares with its sockets, which Asio watches, and its clock, which is a timer of the wheel.
class dns_client::channel {
 public:
  explicit channel(loop& on)
      : where(on),
        next_try_(
            on.wheel, [](void* self) { static_cast<channel*>(self)->process(ARES_SOCKET_BAD, ARES_SOCKET_BAD); },
            this) {}

  ~channel() {
    if (ares_ != nullptr) ares_destroy(ares_);
  }

  int open(std::string const& servers, duration limit) {
    ares_options options{};
    options.timeout = static_cast<int>(limit / std::chrono::milliseconds(1));
    options.tries = tries;
    options.sock_state_cb = [](void* self, ares_socket_t fd, int readable, int writable) {
      static_cast<channel*>(self)->watch(fd, readable != 0, writable != 0);
    };
    options.sock_state_cb_data = this;
    int const given = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
    int failed = ares_init_options(&ares_, &options, given);
    if (failed == ARES_SUCCESS && !servers.empty()) failed = ares_set_servers_ports_csv(ares_, servers.c_str());
    return failed;
  }

  void ask(std::string const& name, dns_type what, pending& to) {
    ares_query(ares_, name.c_str(), internet, static_cast<int>(what), on_answer, &to);
    arm_timer();
  }

  loop& where;

 private:
  struct socket {
    socket(executor on, int fd, std::uint64_t id) : descriptor(on, fd), number(id) {}
    ~socket() { descriptor.release(); }  // c-ares closes it

    asio::posix::basic_stream_descriptor<executor> descriptor;
    std::uint64_t number;  // descriptors are used again
    bool wants_read = false;
    bool wants_write = false;
    bool reading = false;  // an event is awaited
    bool writing = false;
  };

  /// Called by c-ares, which cannot be thrown through: a socket that cannot be watched is dropped, and its try ends
  /// when its time is over.
  void watch(int fd, bool readable, bool writable) noexcept {
    try {
      watch_for(fd, readable, writable);
    } catch (std::exception const&) {
      sockets_.erase(fd);
    }
  }

  void watch_for(int fd, bool readable, bool writable) {
    auto at = sockets_.find(fd);
    if (!readable && !writable) {
      if (at != sockets_.end()) sockets_.erase(at);
      return;
    }
    if (at == sockets_.end()) {
      at = sockets_.emplace(fd, std::make_unique<socket>(where.where(), fd, next_number_++)).first;
    }
    at->second->wants_read = readable;
    at->second->wants_write = writable;
    await_events(*at->second);
  }

  void await_events(socket& s) {
    if (s.wants_read && !std::exchange(s.reading, true)) await_event(s, descriptor_base::wait_read);
    if (s.wants_write && !std::exchange(s.writing, true)) await_event(s, descriptor_base::wait_write);
  }

  void await_event(socket& s, descriptor_base::wait_type what) {
    auto const happened = [this, alive = std::weak_ptr(alive_), fd = s.descriptor.native_handle(), number = s.number,
                           what](boost::system::error_code failed) {
      if (!failed && !alive.expired()) on_event(fd, number, what);
    };
    s.descriptor.async_wait(what, happened);
  }

  void on_event(int fd, std::uint64_t number, descriptor_base::wait_type what) {
    auto const is_it = [&] {
      auto const at = sockets_.find(fd);
      return at != sockets_.end() && at->second->number == number ? at->second.get() : nullptr;
    };
    if (is_it() == nullptr) return;
    bool const read = what == descriptor_base::wait_read;
    (read ? is_it()->reading : is_it()->writing) = false;
    process(read ? fd : ARES_SOCKET_BAD, read ? ARES_SOCKET_BAD : fd);
    if (auto* const still = is_it()) await_events(*still);
  }

  void process(int readable, int writable) {
    ares_process_fd(ares_, readable, writable);
    arm_timer();
  }

  void arm_timer() {
    timeval room{};
    auto const* const next = ares_timeout(ares_, nullptr, &room);
    next_try_.stop();
    if (next == nullptr) return;
    next_try_.start(std::chrono::seconds(next->tv_sec) + std::chrono::microseconds(next->tv_usec));
  }

  ares_channel ares_ = nullptr;
  std::shared_ptr<char> alive_ = std::make_shared<char>();  // for events that are on their way when we go
  std::map<int, std::unique_ptr<socket>> sockets_;
  std::uint64_t next_number_ = 0;
  timer next_try_;
};

dns_client::dns_client(std::unique_ptr<channel> made) : loop_(made->where), channel_(std::move(made)) {}

dns_client::~dns_client() = default;

result<std::unique_ptr<dns_client>> dns_client::make(loop& where, std::vector<std::string> const& servers,
                                                     duration limit) {
  std::string list;
  for (auto const& s : servers) list += (list.empty() ? "" : ",") + s;
  auto made = std::make_unique<channel>(where);
  int const failed = library_is_ready() ? made->open(list, limit) : ARES_ENOTINITIALIZED;
  if (failed != ARES_SUCCESS) {
    return error{errc::bad_config,
                 side::gateway,
                 fmt::format("cannot use the name servers '{}': {}; write \"IP:PORT\"", list, ares_strerror(failed)),
                 {}};
  }
  return std::unique_ptr<dns_client>(new dns_client(std::move(made)));
}

awaitable<result<dns_answer>> dns_client::ask(std::string name, dns_type what) {
  auto const question = fmt::format("{} {}", name_of(what), name);
  if (!channel_) co_return failure(ARES_ECANCELLED, question);
  pending asked(loop_.where());
  channel_->ask(name, what, asked);
  co_await asked.over.wait();
  if (asked.status != ARES_SUCCESS) co_return failure(asked.status, question);
  auto read = read_dns_answer(asked.message, what);
  if (!read) co_return failure(ARES_EBADRESP, question);
  if (read->records.empty()) co_return failure(ARES_ENODATA, question);
  co_return read;
}

void dns_client::close() noexcept {
  channel_.reset();
}

}  // namespace gw::net
