// libtiff on bytes in memory: what it says is kept for an error, what it takes is limited.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <tiffio.h>

#include "data/files/file_reading.h"

namespace pdmp::data {

constexpr const char* kExpectedTiff = "a whole TIFF picture";

class TiffFile {
 public:
  // Both must outlive it. Error{data} naming the file where it has no directory that libtiff can read.
  TiffFile(const FileReading& reading, std::string_view bytes);
  ~TiffFile();
  TiffFile(const TiffFile&) = delete;
  TiffFile& operator=(const TiffFile&) = delete;

  TIFF* handle() { return tiff_; }
  // A tag's number, or libtiff's default for it; `otherwise` where there is neither.
  uint32_t number(uint32_t tag, uint32_t otherwise = 0) const;  // of 32 bits
  uint16_t word(uint32_t tag, uint16_t otherwise = 0) const;    // of 16 bits

  // Error{data}: the time is over, or libtiff's first complaint, `otherwise` where it had none.
  [[noreturn]] void refuse(std::string_view otherwise) const;

 private:
  static tmsize_t read(thandle_t self, void* target, tmsize_t count);
  static toff_t seek(thandle_t self, toff_t offset, int whence);
  static toff_t size(thandle_t self);
  static int keep_message(TIFF* tiff, void* self, const char* module, const char* format, va_list arguments);

  const FileReading& reading_;
  std::string_view bytes_;
  uint64_t at_ = 0;
  std::array<char, 256> message_{};
  TIFF* tiff_ = nullptr;
};

}  // namespace pdmp::data
