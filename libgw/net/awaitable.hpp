// The coroutine type of every life cycle. All that upper layers see of Asio.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

namespace gw::net {

/// The executor of one worker's io_context, without type erasure.
using executor = boost::asio::io_context::executor_type;

template <class T = void>
using awaitable = boost::asio::awaitable<T, executor>;

}  // namespace gw::net
