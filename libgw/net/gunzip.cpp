#include "net/gunzip.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>

namespace gw::net {
namespace {

class inflation {
 public:
  inflation() { ready_ = ::inflateInit2(&stream, 15 + 16) == Z_OK; }  // 16: with the header of gzip
  ~inflation() {
    if (ready_) ::inflateEnd(&stream);
  }
  inflation(inflation const&) = delete;
  inflation& operator=(inflation const&) = delete;
  explicit operator bool() const noexcept { return ready_; }

  z_stream stream{};

 private:
  bool ready_ = false;
};

}  // namespace

result<std::string> gunzip(std::string_view packed, std::size_t limit) {
  error const broken{errc::parse_error, side::upstream, "the answer is not whole gzip", {}};
  inflation unpacking;
  if (!unpacking || packed.size() > std::numeric_limits<uInt>::max()) return broken;
  auto& z = unpacking.stream;
  std::string input(packed);  // zlib wants it mutable
  z.next_in = reinterpret_cast<Bytef*>(input.data());
  z.avail_in = static_cast<uInt>(input.size());
  std::string plain;
  std::array<char, 16 * 1024> piece;
  for (;;) {
    z.next_out = reinterpret_cast<Bytef*>(piece.data());
    z.avail_out = piece.size();
    auto const state = ::inflate(&z, Z_NO_FLUSH);
    plain.append(piece.data(), piece.size() - z.avail_out);
    if (plain.size() > limit) {
      return error{errc::upstream_too_big, side::upstream, "the answer is larger than allowed when unpacked", {}};
    }
    if (state == Z_STREAM_END && z.avail_in == 0) return plain;
    bool const stuck = z.avail_in == 0 && z.avail_out != 0;
    if (state != Z_OK || stuck) return broken;
  }
}

}  // namespace gw::net
