#include "data/decode/image/tiff_file.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>

#include "data/files/limits.h"
#include "data/files/media_file.h"

namespace pdmp::data {
namespace {

struct OptionsDeleter {
  void operator()(TIFFOpenOptions* options) const { TIFFOpenOptionsFree(options); }
};

// It is never written.
tmsize_t write_nothing(thandle_t, void*, tmsize_t) { return 0; }
int keep_open(thandle_t) { return 0; }
int ignore_warning(TIFF*, void*, const char*, const char*, va_list) { return 1; }

}  // namespace

TiffFile::TiffFile(const FileReading& reading, std::string_view bytes) : reading_(reading), bytes_(bytes) {
  const std::unique_ptr<TIFFOpenOptions, OptionsDeleter> options(TIFFOpenOptionsAlloc());
  TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), static_cast<tmsize_t>(kMaxAllocation));
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), keep_message, this);
  TIFFOpenOptionsSetWarningHandlerExtR(options.get(), ignore_warning, nullptr);
  // m: not mapped into memory, where it is already.
  tiff_ =
      TIFFClientOpenExt("", "rm", this, read, write_nothing, seek, keep_open, size, nullptr, nullptr, options.get());
  if (tiff_ == nullptr) refuse("no directory");
}

TiffFile::~TiffFile() {
  if (tiff_ != nullptr) TIFFClose(tiff_);
}

uint32_t TiffFile::number(uint32_t tag, uint32_t otherwise) const {
  uint32_t value = 0;
  return TIFFGetFieldDefaulted(tiff_, tag, &value) == 1 ? value : otherwise;
}

uint16_t TiffFile::word(uint32_t tag, uint16_t otherwise) const {
  uint16_t value = 0;
  return TIFFGetFieldDefaulted(tiff_, tag, &value) == 1 ? value : otherwise;
}

void TiffFile::refuse(std::string_view otherwise) const {
  reading_.check();
  refuse_media(reading_.path(), kExpectedTiff, message_[0] != '\0' ? message_.data() : otherwise);
}

tmsize_t TiffFile::read(thandle_t self, void* target, tmsize_t count) {
  auto& file = *static_cast<TiffFile*>(self);
  const uint64_t left = file.at_ < file.bytes_.size() ? file.bytes_.size() - file.at_ : 0;
  const uint64_t taken = std::min<uint64_t>(left, count > 0 ? static_cast<uint64_t>(count) : 0);
  if (taken > 0) std::memcpy(target, file.bytes_.data() + file.at_, taken);
  file.at_ += taken;
  return static_cast<tmsize_t>(taken);
}

toff_t TiffFile::seek(thandle_t self, toff_t offset, int whence) {
  auto& file = *static_cast<TiffFile*>(self);
  file.at_ = offset + (whence == SEEK_CUR ? file.at_ : whence == SEEK_END ? file.bytes_.size() : 0);
  return file.at_;
}

toff_t TiffFile::size(thandle_t self) { return static_cast<TiffFile*>(self)->bytes_.size(); }

// The first one. In C, so that nothing may be thrown.
int TiffFile::keep_message(TIFF*, void* self, const char*, const char* format, va_list arguments) {
  auto& message = static_cast<TiffFile*>(self)->message_;
  if (message[0] == '\0') std::vsnprintf(message.data(), message.size(), format, arguments);
  return 1;
}

}  // namespace pdmp::data
