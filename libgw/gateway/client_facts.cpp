#include "gateway/client_facts.hpp"

#include <algorithm>
#include <array>

namespace gw::gateway {

client_facts::client_facts(client_description const& from) : client_description(from) {
  std::array<std::string_view*, 9> const all{&head,        &address,  &peer, &conn,      &request_id,
                                             &traceparent, &listener, &user, &new_cookie};
  std::size_t size = 0;
  for (auto const* const one : all) size += one->size();
  text_.reset(new char[size]);
  auto* end = text_.get();
  for (auto* const one : all) {
    auto* const begin = end;
    end = std::copy(one->begin(), one->end(), begin);
    *one = {begin, one->size()};
  }
}

}  // namespace gw::gateway
