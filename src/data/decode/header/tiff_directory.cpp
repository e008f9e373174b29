#include "data/decode/header/tiff_directory.h"

#include <bit>

namespace pdmp::data {
namespace {

constexpr uint32_t kByte = 1, kAscii = 2, kShort = 3, kLong = 4, kRational = 5, kSignedByte = 6, kUndefined = 7,
                   kSignedShort = 8, kSignedLong = 9, kSignedRational = 10, kFloat = 11, kDouble = 12, kIfd = 13,
                   kLong8 = 16, kSignedLong8 = 17, kIfd8 = 18;

// Bytes of one value of each type; 0: unknown.
size_t width_of(uint32_t type) {
  switch (type) {
    case kByte:
    case kAscii:
    case kSignedByte:
    case kUndefined:
      return 1;
    case kShort:
    case kSignedShort:
      return 2;
    case kLong:
    case kSignedLong:
    case kFloat:
    case kIfd:
      return 4;
    case kRational:
    case kSignedRational:
    case kDouble:
    case kLong8:
    case kSignedLong8:
    case kIfd8:
      return 8;
    default:
      return 0;
  }
}

}  // namespace

bool is_tiff(std::string_view bytes) {
  using namespace std::string_view_literals;
  for (const std::string_view start : {"II*\0"sv, "MM\0*"sv, "II+\0"sv, "MM\0+"sv}) {
    if (bytes.starts_with(start)) return true;
  }
  return false;
}

TiffDirectory::TiffDirectory(std::string_view bytes) : bytes_(bytes), little_(bytes.starts_with("II")) {
  constexpr uint64_t kBigTiff = 43;
  if (!little_ && !bytes.starts_with("MM")) return;
  big_file_ = integer(2, 2) == kBigTiff;
  const uint64_t at = big_file_ ? integer(8, 8) : integer(4, 4);
  entries_ = integer(at, big_file_ ? 8 : 2);
  first_ = at + (big_file_ ? 8 : 2);
}

// 0 where the bytes end before.
uint64_t TiffDirectory::integer(uint64_t at, size_t width) const {
  if (at > bytes_.size() || width > bytes_.size() - at) return 0;
  uint64_t value = 0;
  for (size_t i = 0; i < width; ++i) {
    const size_t place = little_ ? width - 1 - i : i;
    value = value << 8u | static_cast<uint8_t>(bytes_[at + place]);
  }
  return value;
}

int64_t TiffDirectory::signed_integer(uint64_t at, size_t width) const {
  const size_t unused = 64 - 8 * width;
  return static_cast<int64_t>(integer(at, width) << unused) >> unused;
}

uint64_t TiffDirectory::size_of(const Entry& entry) const {
  const size_t width = width_of(entry.type);
  return width != 0 && entry.count > bytes_.size() / width ? bytes_.size() : width * entry.count;
}

std::optional<TiffDirectory::Entry> TiffDirectory::find(uint32_t tag) const {
  const uint64_t size = big_file_ ? 20 : 12, place = big_file_ ? 8 : 4;  // of an entry, of its value or where that is
  std::optional<Entry> found;
  for (uint64_t i = 0; i < entries_; ++i) {
    const uint64_t at = first_ + i * size;
    if (at > bytes_.size() || bytes_.size() - at < size) break;
    if (integer(at, 2) != tag) continue;
    Entry entry{static_cast<uint32_t>(integer(at + 2, 2)), integer(at + 4, place), at + 4 + place};
    if (size_of(entry) > place) entry.at = integer(entry.at, place);
    if (entry.count > 0 && entry.at < bytes_.size() && width_of(entry.type) <= bytes_.size() - entry.at) found = entry;
  }
  return found;
}

std::optional<double> TiffDirectory::number(uint32_t tag) const {
  const auto entry = find(tag);
  if (!entry) return std::nullopt;
  const uint64_t at = entry->at;
  switch (entry->type) {
    case kShort:
    case kLong:
    case kIfd:
    case kLong8:
    case kIfd8:
      return static_cast<double>(integer(at, width_of(entry->type)));
    case kSignedByte:
    case kSignedShort:
    case kSignedLong:
    case kSignedLong8:
      return static_cast<double>(signed_integer(at, width_of(entry->type)));
    case kRational:
      return static_cast<double>(integer(at, 4)) / static_cast<double>(integer(at + 4, 4));
    case kSignedRational:
      return static_cast<double>(signed_integer(at, 4)) / static_cast<double>(signed_integer(at + 4, 4));
    case kFloat:
      return std::bit_cast<float>(static_cast<uint32_t>(integer(at, 4)));
    case kDouble:
      return std::bit_cast<double>(integer(at, 8));
    default:
      return std::nullopt;
  }
}

std::string_view TiffDirectory::value(uint32_t tag) const {
  const auto entry = find(tag);
  return entry ? bytes_.substr(entry->at, size_of(*entry)) : std::string_view();
}

}  // namespace pdmp::data
