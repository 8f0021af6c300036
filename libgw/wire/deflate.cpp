#include "wire/deflate.hpp"

#include "wire/mask.hpp"
#include "wire/utf8.hpp"

#include <zlib.h>

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <limits>
#include <new>

namespace gw::wire {
namespace {

// What a sender cuts off the end of a message (RFC 7692 section 7.2.1): an empty block without its first three bits.
constexpr std::string_view cut_off("\0\0\xFF\xFF", 4);
// Behind it stands one more that is empty and the last, so that zlib itself says whether the message was whole.
constexpr std::string_view ending("\0\0\xFF\xFF\x01\0\0\xFF\xFF", 9);

constexpr int raw_window = -15;  // no zlib header; the largest window
// Half the time of the default level for four fifths of what it saves: the other clients of the thread wait meanwhile.
constexpr int level = Z_BEST_SPEED;
// A quarter of the usual hash table, which is cleared for every message; compresses messages as well.
constexpr int memory_level = 5;

constexpr std::size_t first_size = 16 * 1024;
constexpr std::size_t kept_size = 256 * 1024;

/// zlib takes its input through a pointer to non-const and does not write to it.
Bytef* input_of(std::string_view bytes) noexcept {
  return reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
}

event violation(close_code code, std::string_view why) noexcept {
  return {.what = event::kind::violation, .code = code, .reason = why};
}

}  // namespace

// --- memory ---

void inflated_bytes::freed::operator()(char* memory) const noexcept {
  std::free(memory);
}

bool inflated_bytes::reserve(std::size_t size) noexcept {
  if (size <= capacity_) return true;
  // realloc: the pages of a large block are moved, not copied, and there are never two of them.
  auto* const moved = static_cast<char*>(std::realloc(memory_.get(), max_header_size + size));
  if (moved == nullptr) return false;
  static_cast<void>(memory_.release());
  memory_.reset(moved);
  capacity_ = size;
  return true;
}

void inflated_bytes::rest() noexcept {
  if (capacity_ <= kept_size) return;
  memory_.reset();
  capacity_ = 0;
}

// --- inflater ---

inflater::inflater(role we_are) noexcept : role_(we_are) {}

inflater::~inflater() = default;

void inflater::closed::operator()(z_stream_s* stream) const noexcept {
  ::inflateEnd(stream);
  delete stream;
}

bool inflater::begin() noexcept {
  if (stream_) return ::inflateReset(stream_.get()) == Z_OK;
  std::unique_ptr<z_stream> fresh(new (std::nothrow) z_stream{});
  if (!fresh || ::inflateInit2(fresh.get(), raw_window) != Z_OK) return false;
  stream_.reset(fresh.release());
  return true;
}

event inflater::inflate(opcode op, std::span<char const> payload, std::uint64_t max_message) noexcept {
  constexpr auto most = std::numeric_limits<std::size_t>::max() / 2;
  auto const limit = max_message == 0 ? most : std::min<std::uint64_t>(max_message, most);
  size_ = 0;
  if (!begin()) return violation(close_code::internal_error, "no memory");
  auto done = feed({payload.data(), payload.size()}, limit);
  if (done == outcome::more) done = feed(ending, limit);
  switch (done) {
    case outcome::complete:
      return finished(op);
    case outcome::too_big:
      return violation(close_code::too_big, "message over the limit");
    case outcome::no_memory:
      return violation(close_code::internal_error, "no memory");
    case outcome::more:
    case outcome::corrupt:
      break;
  }
  return violation(close_code::invalid_utf8, "compressed data are corrupt");
}

// `complete`: its last block said that it is the last (RFC 7692 section 7.2.3.4) and nothing stands behind it.
inflater::outcome inflater::feed(std::string_view part, std::uint64_t limit) noexcept {
  while (!part.empty()) {
    auto const given = part.substr(0, std::numeric_limits<uInt>::max());
    stream_->next_in = input_of(given);
    stream_->avail_in = static_cast<uInt>(given.size());
    auto const done = run(limit);
    part.remove_prefix(given.size() - stream_->avail_in);
    if (done == outcome::complete && !part.empty()) {
      if (::inflateReset(stream_.get()) != Z_OK) return outcome::corrupt;
    } else if (done != outcome::more) {
      return done;
    }
  }
  return outcome::more;
}

// `more`: all input is taken, all output was given.
inflater::outcome inflater::run(std::uint64_t limit) noexcept {
  for (;;) {
    if (!make_room(limit)) return outcome::no_memory;
    auto const room = stream_->avail_out;
    int const said = ::inflate(stream_.get(), Z_SYNC_FLUSH);
    size_ += room - stream_->avail_out;
    if (size_ > limit) return outcome::too_big;
    if (said == Z_STREAM_END) return outcome::complete;
    if (said == Z_MEM_ERROR) return outcome::no_memory;
    if (said != Z_OK && said != Z_BUF_ERROR) return outcome::corrupt;
    if (stream_->avail_out != 0) return outcome::more;
  }
}

// One byte more than the limit, by which it is seen to be exceeded.
bool inflater::make_room(std::uint64_t limit) noexcept {
  auto const most = static_cast<std::size_t>(limit) + 1;
  if (size_ == bytes_.capacity()) {
    if (!bytes_.reserve(std::min(most, std::max(first_size, 2 * bytes_.capacity())))) return false;
  }
  auto const room = std::min(most, bytes_.capacity()) - size_;
  stream_->next_out = reinterpret_cast<Bytef*>(bytes_.data() + size_);
  stream_->avail_out = static_cast<uInt>(std::min<std::size_t>(room, std::numeric_limits<uInt>::max()));
  return true;
}

event inflater::finished(opcode op) noexcept {
  std::span<char> const payload(bytes_.data(), size_);
  if (op == opcode::text && !is_utf8({payload.data(), payload.size()})) {
    return violation(close_code::invalid_utf8, "text is not UTF-8");
  }
  auto const header = header_size(size_, role_ == role::server);
  return {.what = event::kind::message, .op = op, .payload = payload, .header_size = header};
}

// --- deflater ---

deflater::deflater() noexcept = default;

deflater::~deflater() = default;

void deflater::closed::operator()(z_stream_s* stream) const noexcept {
  ::deflateEnd(stream);
  delete stream;
}

std::string_view deflater::deflate(opcode op, std::string_view payload, mask_key const* key) noexcept {
  if (payload.empty() || payload.size() > std::numeric_limits<uInt>::max() / 2) return {};
  if (!stream_) {
    std::unique_ptr<z_stream> fresh(new (std::nothrow) z_stream{});
    if (!fresh ||
        ::deflateInit2(fresh.get(), level, Z_DEFLATED, raw_window, memory_level, Z_DEFAULT_STRATEGY) != Z_OK) {
      return {};
    }
    stream_.reset(fresh.release());
  } else if (::deflateReset(stream_.get()) != Z_OK) {
    return {};
  }
  auto const room = payload.size() + cut_off.size();
  if (!bytes_.reserve(room)) return {};
  stream_->next_in = input_of(payload);
  stream_->avail_in = static_cast<uInt>(payload.size());
  stream_->next_out = reinterpret_cast<Bytef*>(bytes_.data());
  stream_->avail_out = static_cast<uInt>(room);
  // Without a byte left it may not be all, and is not smaller.
  if (::deflate(stream_.get(), Z_SYNC_FLUSH) != Z_OK || stream_->avail_out == 0) return {};
  auto const size = room - stream_->avail_out - cut_off.size();
  assert(std::string_view(bytes_.data() + size, cut_off.size()) == cut_off);

  frame_header header{.reserved = 4, .op = op, .masked = key != nullptr, .length = size};
  if (key != nullptr) {
    header.key = *key;
    apply_mask({bytes_.data(), size}, *key);
  }
  auto const before = header_size(size, header.masked);
  write_header(header, bytes_.data() - before);
  return {bytes_.data() - before, before + size};
}

}  // namespace gw::wire
