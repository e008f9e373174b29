// The first directory of tags of a TIFF file or of an EXIF block, which is one without an image.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace pdmp::data {

class TiffDirectory {
 public:
  // Classic or BigTIFF, either byte order; other bytes are a directory without tags. `bytes` must outlive it.
  explicit TiffDirectory(std::string_view bytes);

  bool has(uint32_t tag) const { return find(tag).has_value(); }
  // The first of the tag's numbers, whatever their type; nothing where there are none. As Pillow reads them, BYTE and
  // UNDEFINED are no numbers. Of a tag that is there twice the last one counts.
  std::optional<double> number(uint32_t tag) const;
  // The tag's value as it is in the file, up to where that is cut.
  std::string_view value(uint32_t tag) const;

 private:
  struct Entry {
    uint32_t type = 0;
    uint64_t count = 0;
    uint64_t at = 0;  // of the value
  };

  uint64_t integer(uint64_t at, size_t width) const;
  int64_t signed_integer(uint64_t at, size_t width) const;
  std::optional<Entry> find(uint32_t tag) const;
  uint64_t size_of(const Entry& entry) const;

  std::string_view bytes_;
  bool little_ = false, big_file_ = false;
  uint64_t first_ = 0, entries_ = 0;
};

// Whether these are the first bytes of a TIFF file.
bool is_tiff(std::string_view bytes);

}  // namespace pdmp::data
