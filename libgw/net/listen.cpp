#include "net/listen.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>

namespace gw::net {

namespace asio = boost::asio;

namespace {

// Of a crowd that waits in the kernel's queue so many are let in before the loop sees to everything else.
constexpr int most_in_a_row = 16;

}  // namespace

struct listener::waiting {
  waiting(executor where, int fd) : descriptor(where, fd) {}
  ~waiting() { descriptor.release(); }  // the listener owns the descriptor
  asio::posix::basic_stream_descriptor<executor> descriptor;
};

struct signals::set {
  explicit set(executor where) : signals(where) {}
  asio::basic_signal_set<executor> signals;
  bool closed = false;
};

result<std::unique_ptr<listener>> listener::open(loop& where, address const& at) {
  auto const failed = [&](char const* call) {
    return error{errc::io, side::gateway, std::string("cannot listen on ") + at.text() + " (" + call + ")",
                 std::error_code(errno, std::system_category())};
  };
  unique_fd fd(::socket(at.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return failed("socket");
  int const on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (at.is_unix()) ::unlink(reinterpret_cast<sockaddr_un const*>(at.data())->sun_path);
  if (::bind(fd.get(), at.data(), at.size()) != 0) return failed("bind");
  if (::listen(fd.get(), SOMAXCONN) != 0) return failed("listen");
  return std::unique_ptr<listener>(new listener(where, std::move(fd)));
}

std::unique_ptr<listener> listener::moved(loop& to, std::unique_ptr<listener> from) {
  from->waiting_.reset();
  return std::unique_ptr<listener>(new listener(to, std::move(from->fd_)));
}

listener::listener(loop& where, unique_fd fd)
    : loop_(where),
      fd_(std::move(fd)),
      local_(address::of_socket(fd_.get(), true)),
      waiting_(std::make_unique<waiting>(where.where(), fd_.get())),
      accepting_(where.where()) {
  accepting_.set();
}

listener::~listener() {
  close();
}

void listener::close() noexcept {
  waiting_.reset();
  fd_.reset();
  accepting_.set();
}

result<> listener::refuse(bool refusing) {
  if (!fd_ || refusing != accepting_.is_set()) return {};
  auto const cannot = [](int why) {
    return error{errc::io, side::gateway, "cannot refuse connections", {why, std::system_category()}};
  };
  if (local_.is_unix()) return cannot(EOPNOTSUPP);
  // Linux takes a listening TCP socket out of service by shutdown(2), and back by listen(2). It keeps a port that was
  // asked for; one of the kernel's choice is to be bound again.
  int const failed = refusing ? ::shutdown(fd_.get(), SHUT_RD) : ::listen(fd_.get(), SOMAXCONN);
  if (failed != 0) return cannot(errno);
  if (refusing && ::bind(fd_.get(), local_.data(), local_.size()) != 0 && errno != EINVAL) return cannot(errno);
  if (refusing) {
    accepting_.clear();
  } else {
    accepting_.set();
  }
  return {};
}

awaitable<result<unique_fd>> listener::accept() {
  constexpr auto token = asio::as_tuple(asio::use_awaitable_t<executor>());
  while (fd_) {
    if (!accepting_.is_set()) {
      co_await accepting_.wait();
      continue;
    }
    if (in_a_row_ == most_in_a_row) {
      in_a_row_ = 0;
      co_await asio::post(loop_.where(), asio::use_awaitable_t<executor>());
      continue;
    }
    unique_fd accepted(::accept4(fd_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (accepted) {
      ++in_a_row_;
      co_return accepted;
    }
    switch (errno) {
      case EAGAIN: {
        in_a_row_ = 0;
        auto const [failed] = co_await waiting_->descriptor.async_wait(asio::posix::descriptor_base::wait_read, token);
        if (failed) co_return error{errc::closed, side::gateway, "listener closed", {}};
        break;
      }
      case EMFILE:
      case ENFILE:
      case ENOBUFS:
      case ENOMEM:
        // The connection stays in the kernel's queue; asking again at once would only spin.
        co_await loop_.wheel.sleep(std::chrono::milliseconds(100));
        break;
      default:
        break;  // that connection died before we took it (ECONNABORTED and its kin): the next one
    }
  }
  co_return error{errc::closed, side::gateway, "listener closed", {}};
}

signals::signals(executor where, std::initializer_list<int> which) : set_(std::make_unique<set>(where)) {
  for (int const number : which) set_->signals.add(number);
}

signals::~signals() = default;

awaitable<int> signals::next() {
  constexpr auto token = asio::as_tuple(asio::use_awaitable_t<executor>());
  if (set_->closed) co_return 0;
  auto const [failed, number] = co_await set_->signals.async_wait(token);
  co_return failed ? 0 : number;
}

void signals::close() noexcept {
  set_->closed = true;
  boost::system::error_code ignored;
  set_->signals.cancel(ignored);
}

}  // namespace gw::net
