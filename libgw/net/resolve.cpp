#include "net/resolve.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <exception>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

namespace gw::net {

namespace asio = boost::asio;
using addresses = std::vector<std::string>;

namespace {

error not_resolved(errc code, std::string const& host, std::error_code cause = {}) {
  return {code, side::upstream, "cannot resolve '" + host + "'", cause};
}

std::optional<std::string> literal(std::string const& host) {
  boost::system::error_code failed;
  auto const ip = asio::ip::make_address(host, failed);
  return failed ? std::nullopt : std::optional(ip.to_string());
}

}  // namespace

result<addresses> system_addresses(std::string const& host) {
  asio::io_context here;
  boost::system::error_code failed;
  auto const found = asio::ip::tcp::resolver(here).resolve(host, std::string(), failed);
  if (failed) return not_resolved(errc::connect_failed, host, failed);
  addresses all;
  for (auto const& entry : found) all.push_back(entry.endpoint().address().to_string());
  std::stable_partition(all.begin(), all.end(), [](std::string const& ip) { return ip.find(':') == ip.npos; });
  addresses unique;
  for (auto& ip : all) {
    if (std::find(unique.begin(), unique.end(), ip) == unique.end()) unique.push_back(std::move(ip));
  }
  return unique;
}

/// Shared by who asks and the thread that finds out.
struct resolver::question {
  std::mutex guard;
  // Null: nobody waits any more, and the loop may be gone. Changed by the loop's thread alone.
  event* answered = nullptr;
  std::optional<result<addresses>> answer = {};

  /// On a thread of its own. What fails for want of memory is as if no answer had come.
  static void find_out(std::shared_ptr<question> asked, look_up const& by, std::string const& host, executor where,
                       std::shared_ptr<std::atomic<std::size_t>> under_way) noexcept {
    try {
      asked->take(by(host), asked, where);
    } catch (std::exception const&) {
    }
    under_way->fetch_sub(1);
  }

 private:
  void take(result<addresses> found, std::shared_ptr<question> const& self, executor const& where) {
    std::lock_guard const alone(guard);
    if (answered == nullptr) return;
    answer = std::move(found);
    asio::post(where, [self] {
      if (self->answered != nullptr) self->answered->set();
    });
  }
};

/// While somebody waits, the loop has something to do.
class resolver::patience {
 public:
  patience(resolver& by, event& answered)
      : resolver_(by), event_(answered), asked_(std::make_shared<question>()), busy_(by.loop_.where()) {
    asked_->answered = &event_;
    resolver_.waiting_.insert(&event_);
  }
  ~patience() {
    std::lock_guard const alone(asked_->guard);
    asked_->answered = nullptr;
    resolver_.waiting_.erase(&event_);
  }
  patience(patience const&) = delete;
  patience& operator=(patience const&) = delete;

  std::shared_ptr<question> const& asked() const noexcept { return asked_; }
  std::optional<result<addresses>> answer() {
    std::lock_guard const alone(asked_->guard);
    return std::move(asked_->answer);
  }

 private:
  resolver& resolver_;
  event& event_;
  std::shared_ptr<question> asked_;
  asio::executor_work_guard<executor> busy_;
};

awaitable<result<addresses>> resolver::resolve(std::string host, duration limit) {
  if (auto const ip = literal(host); ip) co_return addresses(1, *ip);
  if (stopped_) co_return not_resolved(errc::closed, host);
  // One that was given up may go on for minutes.
  if (under_way_->load() >= most_under_way) co_return not_resolved(errc::timeout, host);
  event answered(loop_.where());
  patience waiting(*this, answered);
  under_way_->fetch_add(1);
  try {
    std::thread(question::find_out, waiting.asked(), look_up_, host, loop_.where(), under_way_).detach();
  } catch (std::system_error const& no_thread) {
    under_way_->fetch_sub(1);
    co_return not_resolved(errc::connect_failed, host, no_thread.code());
  }
  timer over(loop_.wheel, answered);
  over.start(limit);
  co_await answered.wait();
  auto answer = waiting.answer();
  if (answer) co_return *std::move(answer);
  co_return not_resolved(stopped_ ? errc::closed : errc::timeout, host);
}

void resolver::stop() noexcept {
  stopped_ = true;
  for (auto* const w : waiting_) w->set();
}

}  // namespace gw::net
