// A name server for tests: on a port of its own, over UDP, with the records that the test gives it.
#pragma once

#include "net/dns_message.hpp"
#include "net/loop.hpp"

#include <boost/asio/ip/udp.hpp>

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gw::testing {

class dns_double {
 public:
  explicit dns_double(net::loop& where) : socket_(where.where(), {boost::asio::ip::address_v4::loopback(), 0}) {
    receive();
  }

  /// "127.0.0.1:PORT"
  std::string address() const { return "127.0.0.1:" + std::to_string(socket_.local_endpoint().port()); }

  /// One record of `name`; `content` is its data, as it is on the wire.
  void add(std::string const& name, net::dns_type type, std::uint32_t ttl, std::string content) {
    records_[{name, static_cast<std::uint16_t>(type)}].push_back({ttl, std::move(content)});
  }
  void add_address(std::string const& name, std::array<std::uint8_t, 4> ip, std::uint32_t ttl = 30) {
    add(name, net::dns_type::a, ttl, std::string(ip.begin(), ip.end()));
  }
  void add_service(std::string const& name, std::uint16_t priority, std::uint16_t weight, std::uint16_t port,
                   std::string const& target, std::uint32_t ttl = 30) {
    add(name, net::dns_type::srv, ttl, word(priority) + word(weight) + word(port) + wire_name(target));
  }
  void forget(std::string const& name) {
    std::erase_if(records_, [&name](auto const& r) { return r.first.first == name; });
  }
  /// Questions are swallowed: all of them, or those about one name.
  void falls_silent(bool silent) { silent_ = silent; }
  void never_answers(std::string name) { unanswered_ = std::move(name); }
  std::size_t questions() const { return questions_; }
  void close() { socket_.close(); }

  static std::string word(std::uint32_t value) {
    return {static_cast<char>(value >> 8 & 0xff), static_cast<char>(value & 0xff)};
  }

  static std::string wire_name(std::string_view name) {
    std::string wire;
    for (std::size_t at = 0; at < name.size();) {
      auto const dot = std::min(name.find('.', at), name.size());
      wire += static_cast<char>(dot - at);
      wire += name.substr(at, dot - at);
      at = dot + 1;
    }
    return wire + '\0';
  }

  /// A whole answer to the question whose bytes these are.
  std::string answer_to(std::string_view question) const {
    std::size_t at = 12;
    auto const name = name_in(question, at);
    auto const type = static_cast<std::uint16_t>(static_cast<unsigned char>(question[at + 1]) << 8 |
                                                 static_cast<unsigned char>(question[at + 2]));
    auto const found = records_.find({name, type});
    auto const count = found == records_.end() ? 0 : static_cast<std::uint32_t>(found->second.size());
    auto answer = std::string(question.substr(0, 2)) + word(0x8180) + word(1) + word(count) + word(0) + word(0) +
                  std::string(question.substr(12, at + 5 - 12));
    if (count == 0) return answer;
    for (auto const& [ttl, content] : found->second) {
      answer += word(0xc00c) + word(type) + word(1) + word(ttl >> 16) + word(ttl) +
                word(static_cast<std::uint32_t>(content.size())) + content;
    }
    return answer;
  }

 private:
  /// `at`: of the name; then of the empty label behind it.
  static std::string name_in(std::string_view question, std::size_t& at) {
    std::string name;
    while (at < question.size() && question[at] != 0) {
      auto const length = static_cast<std::size_t>(question[at]);
      name += (name.empty() ? "" : ".") + std::string(question.substr(at + 1, length));
      at += length + 1;
    }
    return name;
  }

  void receive() {
    socket_.async_receive_from(boost::asio::buffer(buffer_), from_,
                               [this](boost::system::error_code failed, std::size_t size) {
                                 if (failed) return;
                                 ++questions_;
                                 std::string_view const question(buffer_.data(), size);
                                 std::size_t at = 12;
                                 if (!silent_ && name_in(question, at) != unanswered_) {
                                   auto const said = answer_to(question);
                                   boost::system::error_code ignored;
                                   socket_.send_to(boost::asio::buffer(said), from_, 0, ignored);
                                 }
                                 receive();
                               });
  }

  boost::asio::basic_datagram_socket<boost::asio::ip::udp, net::executor> socket_;
  boost::asio::ip::udp::endpoint from_;
  std::array<char, 512> buffer_{};
  std::map<std::pair<std::string, std::uint16_t>, std::vector<std::pair<std::uint32_t, std::string>>> records_;
  bool silent_ = false;
  std::string unanswered_ = {};
  std::size_t questions_ = 0;
};

}  // namespace gw::testing
