// Unpacks the one array of a .npz by the archive's central directory (APPNOTE.TXT 4.3, .ZIP File Format).
#include "data/npy/npz.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <memory>
#include <vector>
#include <zlib.h>

#include "data/files/file_reading.h"
#include "data/files/media_file.h"

namespace pdmp::data {
namespace {

constexpr const char* kExpected = "a .npz file with one array";
constexpr uint32_t kStored = 0, kDeflated = 8;
constexpr uint32_t kInExtra = 0xFFFFFFFF;  // a size of more than 32 bits, which stands in the extra field

struct Entry {
  std::string_view name;
  uint32_t method = 0, crc = 0;
  uint64_t compressed = 0, size = 0, header = 0;  // header: offset of its local header
  bool encrypted = false;
};

class Archive {
 public:
  Archive(const FileReading& reading, std::string_view bytes) : reading_(reading), bytes_(bytes) {}

  std::string unpack() const {
    const Entry entry = only_array();
    if (entry.encrypted) refuse("an encrypted one");
    if (entry.method != kStored && entry.method != kDeflated) {
      refuse(fmt::format("compression method {}", entry.method), "write it with numpy.savez or savez_compressed");
    }
    const auto most = static_cast<uint64_t>(reading_.limits().max_bytes);
    if (entry.size > most) {
      refuse(fmt::format("an array of {} bytes, more than the {} that a file may have", entry.size, most),
             "raise `max-file-mib` for it");
    }
    std::string content = entry.method == kStored ? std::string(data_of(entry)) : inflated(entry);
    if (content.size() != entry.size) refuse("an array of another size than the archive says");
    const auto crc = crc32_z(0, reinterpret_cast<const Bytef*>(content.data()), content.size());
    if (crc != entry.crc) refuse("a damaged array (its checksum does not match)");
    return content;
  }

 private:
  [[noreturn]] void refuse(std::string_view found,
                           std::string_view advice = "replace the file or empty its cell") const {
    refuse_media(reading_.path(), kExpected, found, advice);
  }

  std::string_view part(uint64_t at, uint64_t length) const {
    if (at > bytes_.size() || length > bytes_.size() - at) refuse("a damaged zip archive");
    return bytes_.substr(at, length);
  }

  uint32_t number(uint64_t at, size_t width) const { return little_endian(part(at, width), 0, width); }

  // The record that ends the archive, before a comment of up to 64 KiB.
  size_t end_record() const {
    constexpr size_t kLength = 22, kLongestComment = 0xFFFF;
    const size_t at = bytes_.rfind("PK\x05\x06");
    if (at == std::string_view::npos || at + kLength > bytes_.size()) refuse("a zip archive without its end");
    if (bytes_.size() - at > kLength + kLongestComment) refuse("a zip archive without its end");
    return at;
  }

  // Those of the arrays alone.
  Entry only_array() const {
    constexpr size_t kNamed = 5;
    const size_t end = end_record();
    const uint32_t count = number(end + 10, 2);
    uint64_t at = number(end + 16, 4);
    std::vector<Entry> arrays;
    for (uint32_t i = 0; i < count; ++i) {
      const Entry entry = entry_at(at);
      if (entry.name.ends_with(".npy")) arrays.push_back(entry);
    }
    if (arrays.size() == 1) return arrays.front();
    if (arrays.empty()) refuse("a zip archive without any");
    std::vector<std::string_view> names;
    for (size_t i = 0; i < std::min(kNamed, arrays.size()); ++i) names.push_back(arrays[i].name);
    refuse(fmt::format("{}: {}{}", arrays.size(), fmt::join(names, ", "), arrays.size() > kNamed ? " ..." : ""),
           "save each array in a file of its own");
  }

  // Of the central directory; `at` moves behind it.
  Entry entry_at(uint64_t& at) const {
    constexpr size_t kLength = 46;
    if (part(at, 4) != "PK\x01\x02") refuse("a damaged zip archive");
    const uint32_t name = number(at + 28, 2), extra = number(at + 30, 2), comment = number(at + 32, 2);
    Entry entry;
    entry.encrypted = (number(at + 8, 2) & 1u) != 0;
    entry.method = number(at + 10, 2);
    entry.crc = number(at + 16, 4);
    entry.compressed = number(at + 20, 4);
    entry.size = number(at + 24, 4);
    entry.header = number(at + 42, 4);
    entry.name = part(at + kLength, name);
    read_large_sizes(part(at + kLength + name, extra), entry);
    at += kLength + uint64_t{name} + extra + comment;
    return entry;
  }

  // Zip64: what does not fit into 32 bits, in this order.
  void read_large_sizes(std::string_view extra, Entry& entry) const {
    while (extra.size() >= 4) {
      const uint32_t kind = little_endian(extra, 0, 2), length = little_endian(extra, 2, 2);
      std::string_view values = extra.substr(4, length);
      for (uint64_t* value : {&entry.size, &entry.compressed, &entry.header}) {
        if (kind != 1 || *value != kInExtra) continue;
        if (values.size() < 8) refuse("a damaged zip archive");
        *value = uint64_t{little_endian(values, 4, 4)} << 32 | little_endian(values, 0, 4);
        values.remove_prefix(8);
      }
      extra.remove_prefix(std::min<size_t>(extra.size(), size_t{4} + length));
    }
  }

  std::string_view data_of(const Entry& entry) const {
    constexpr size_t kLength = 30;
    if (part(entry.header, 4) != "PK\x03\x04") refuse("a damaged zip archive");
    const uint64_t names = uint64_t{number(entry.header + 26, 2)} + number(entry.header + 28, 2);
    return part(entry.header + kLength + names, entry.compressed);
  }

  // Memory grows with what comes out, not with what the archive claims, up to one block more than that.
  std::string inflated(const Entry& entry) const {
    constexpr size_t kBlock = size_t{1} << 20;
    std::string_view data = data_of(entry);
    z_stream stream{};
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) refuse("an array that zlib cannot unpack");
    const std::unique_ptr<z_stream, decltype(&inflateEnd)> ending(&stream, &inflateEnd);
    std::string content;
    for (int code = Z_OK; code != Z_STREAM_END && content.size() <= entry.size;) {
      reading_.check();
      const size_t before = content.size(), input = std::min(kBlock, data.size());
      content.resize(before + kBlock);
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));  // zlib does not write there
      stream.avail_in = static_cast<uInt>(input);
      stream.next_out = reinterpret_cast<Bytef*>(content.data() + before);
      stream.avail_out = static_cast<uInt>(kBlock);
      code = inflate(&stream, Z_NO_FLUSH);
      content.resize(before + kBlock - stream.avail_out);
      data.remove_prefix(input - stream.avail_in);
      if (code != Z_OK && code != Z_STREAM_END) refuse("a damaged array");
    }
    return content;
  }

  const FileReading& reading_;
  std::string_view bytes_;
};

}  // namespace

bool is_npz(std::string_view bytes) { return bytes.starts_with("PK\x03\x04") || bytes.starts_with("PK\x05\x06"); }

std::string unpack_npz(const FileReading& reading, std::string_view archive) {
  return Archive(reading, archive).unpack();
}

}  // namespace pdmp::data
