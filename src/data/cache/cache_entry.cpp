#include "data/cache/cache_entry.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <algorithm>
#include <array>
#include <cstring>
#include <fmt/format.h>
#include <stdexcept>
#include <xxhash.h>

#include "pdmp/tensor.h"

namespace pdmp::data {
namespace {

struct Header {
  uint32_t magic = 0x32434450;  // "PDC2": the layout of this struct
  uint8_t type = 0, dims = 0;
  uint16_t unused = 0;
  std::array<int64_t, 5> sizes = {};
  uint64_t bytes = 0, check = 0;
};
static_assert(sizeof(Header) == 64);

constexpr std::array kTypes = {at::kByte, at::kLong, at::kFloat, at::kDouble};

uint64_t check_of(std::string_view key, const Header& header, std::string_view values) {
  const std::string_view facts(reinterpret_cast<const char*>(&header), offsetof(Header, check));
  return checksum(values, checksum(facts, checksum(key)));
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

uint64_t checksum(std::string_view bytes, uint64_t seed) { return XXH64(bytes.data(), bytes.size(), seed); }

std::string encode_entry(std::string_view key, const Tensor& value) {
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
  header.check = check_of(key, header, bytes);
  std::string entry(sizeof(header) + bytes.size(), '\0');
  std::memcpy(entry.data(), &header, sizeof(header));
  if (!bytes.empty()) std::memcpy(entry.data() + sizeof(header), bytes.data(), bytes.size());
  return entry;
}

Tensor view_entry(std::string_view key, std::string_view bytes) {
  Header header;
  if (bytes.size() < sizeof(header)) return {};
  const Header known;
  std::memcpy(&header, bytes.data(), sizeof(header));
  const std::string_view values = bytes.substr(sizeof(header));
  if (header.magic != known.magic || !sizes_agree(header, values.size()) ||
      check_of(key, header, values) != header.check) {
    return {};
  }
  const auto type = kTypes[header.type];
  const at::IntArrayRef sizes(header.sizes.data(), header.dims);
  // Values of less than a page lie where LMDB had room.
  if (reinterpret_cast<uintptr_t>(values.data()) % c10::elementSize(type) != 0) {
    Tensor copy = at::empty(sizes, type);
    std::memcpy(copy.data_ptr(), values.data(), values.size());
    return copy;
  }
  return at::from_blob(const_cast<char*>(values.data()), sizes, type);
}

}  // namespace pdmp::data
