#include "data/cache_entry.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <fmt/format.h>
#include <stdexcept>

namespace pdmp {
namespace {

constexpr uint64_t kPrimes[] = {0x9E3779B185EBCA87u, 0xC2B2AE3D27D4EB4Fu, 0x165667B19E3779F9u, 0x85EBCA77C2B2AE63u,
                                0x27D4EB2F165667C5u};

template <class Word>
Word word_at(const char* bytes) {
  Word word;
  std::memcpy(&word, bytes, sizeof(word));
  return word;
}

uint64_t mix(uint64_t lane, uint64_t word) { return std::rotl(lane + word * kPrimes[1], 31) * kPrimes[0]; }

// Takes whole stripes of 32 bytes off `bytes`.
uint64_t hash_stripes(std::string_view& bytes, uint64_t seed) {
  std::array<uint64_t, 4> lanes = {seed + kPrimes[0] + kPrimes[1], seed + kPrimes[1], seed, seed - kPrimes[0]};
  const char* at = bytes.data();
  const size_t stripes = bytes.size() / 32;
  for (size_t i = 0; i < stripes; ++i, at += 32) {
    for (size_t lane = 0; lane < 4; ++lane) lanes[lane] = mix(lanes[lane], word_at<uint64_t>(at + 8 * lane));
  }
  bytes.remove_prefix(32 * stripes);
  uint64_t hash = std::rotl(lanes[0], 1) + std::rotl(lanes[1], 7) + std::rotl(lanes[2], 12) + std::rotl(lanes[3], 18);
  for (const uint64_t lane : lanes) hash = (hash ^ mix(0, lane)) * kPrimes[0] + kPrimes[3];
  return hash;
}

struct Header {
  uint32_t magic = 0x31434450;  // "PDC1": the layout of this struct
  uint8_t type = 0, dims = 0;
  uint16_t unused = 0;
  std::array<int64_t, 5> sizes = {};
  uint64_t bytes = 0, check = 0;
};
static_assert(sizeof(Header) == 64);

constexpr std::array kTypes = {torch::kUInt8, torch::kInt64, torch::kFloat32, torch::kFloat64};

uint64_t check_of(const Header& header, std::string_view values) {
  const std::string_view facts(reinterpret_cast<const char*>(&header), offsetof(Header, check));
  return checksum(values, checksum(facts));
}

// Whether the values have as many bytes as the header says, in every way it says it.
bool sizes_agree(const Header& header, size_t bytes) {
  if (header.type >= kTypes.size() || header.dims > header.sizes.size() || header.bytes != bytes) return false;
  uint64_t expected = c10::elementSize(kTypes[header.type]);
  for (size_t d = 0; d < header.dims; ++d) {
    if (header.sizes[d] < 0 || header.sizes[d] > (int64_t{1} << 40)) return false;
    if (header.sizes[d] > 0 && expected > (uint64_t{1} << 62) / static_cast<uint64_t>(header.sizes[d])) return false;
    expected *= static_cast<uint64_t>(header.sizes[d]);
  }
  return expected == bytes;
}

}  // namespace

uint64_t checksum(std::string_view bytes, uint64_t seed) {
  const size_t length = bytes.size();
  uint64_t hash = length >= 32 ? hash_stripes(bytes, seed) : seed + kPrimes[4];
  hash += length;
  for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
    hash = std::rotl(hash ^ mix(0, word_at<uint64_t>(bytes.data())), 27) * kPrimes[0] + kPrimes[3];
  }
  if (bytes.size() >= 4) {
    hash = std::rotl(hash ^ (word_at<uint32_t>(bytes.data()) * kPrimes[0]), 23) * kPrimes[1] + kPrimes[2];
    bytes.remove_prefix(4);
  }
  for (const char byte : bytes) {
    hash = std::rotl(hash ^ (static_cast<unsigned char>(byte) * kPrimes[4]), 11) * kPrimes[0];
  }
  hash = (hash ^ (hash >> 33)) * kPrimes[1];
  hash = (hash ^ (hash >> 29)) * kPrimes[2];
  return hash ^ (hash >> 32);
}

std::string encode_entry(const Tensor& value) {
  const Tensor values = value.contiguous();
  Header header;
  const auto type = std::find(kTypes.begin(), kTypes.end(), values.scalar_type());
  if (type == kTypes.end() || values.dim() > static_cast<int64_t>(header.sizes.size())) {
    throw std::logic_error(fmt::format("the sample cache keeps no {} of {} dimensions",
                                       c10::toString(values.scalar_type()), values.dim()));
  }
  header.type = static_cast<uint8_t>(type - kTypes.begin());
  header.dims = static_cast<uint8_t>(values.dim());
  std::copy(values.sizes().begin(), values.sizes().end(), header.sizes.begin());
  header.bytes = values.nbytes();
  const std::string_view bytes(static_cast<const char*>(values.const_data_ptr()), values.nbytes());
  header.check = check_of(header, bytes);
  std::string entry(sizeof(header) + bytes.size(), '\0');
  std::memcpy(entry.data(), &header, sizeof(header));
  if (!bytes.empty()) std::memcpy(entry.data() + sizeof(header), bytes.data(), bytes.size());
  return entry;
}

Tensor view_entry(std::string_view bytes) {
  Header header;
  if (bytes.size() < sizeof(header)) return {};
  const Header known;
  std::memcpy(&header, bytes.data(), sizeof(header));
  const std::string_view values = bytes.substr(sizeof(header));
  if (header.magic != known.magic || !sizes_agree(header, values.size()) || check_of(header, values) != header.check) {
    return {};
  }
  const auto type = kTypes[header.type];
  const torch::IntArrayRef sizes(header.sizes.data(), header.dims);
  // Values of less than a page lie where LMDB had room.
  if (reinterpret_cast<uintptr_t>(values.data()) % c10::elementSize(type) != 0) {
    Tensor copy = torch::empty(sizes, type);
    std::memcpy(copy.data_ptr(), values.data(), values.size());
    return copy;
  }
  return torch::from_blob(const_cast<char*>(values.data()), sizes, type);
}

}  // namespace pdmp
