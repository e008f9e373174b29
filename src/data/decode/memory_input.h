// Bytes in memory as an input of libavformat: no file name for it to interpret, no protocol to open.
#pragma once

#include <cstdint>
#include <string>

extern "C" {
#include <libavformat/avformat.h>
}

namespace pdmp {

// FFmpeg's avformat_find_stream_info, which decodes the first frames, with the limit on their size. Its code.
int find_streams(AVFormatContext& format);

class MemoryInput {
 public:
  explicit MemoryInput(const std::string& bytes);  // which must outlive it
  ~MemoryInput();
  MemoryInput(const MemoryInput&) = delete;
  MemoryInput& operator=(const MemoryInput&) = delete;

  int open();  // FFmpeg's code; once
  AVFormatContext* format() { return format_; }

 private:
  static int read(void* self, uint8_t* target, int size);
  static int64_t seek(void* self, int64_t offset, int whence);

  const std::string& bytes_;
  int64_t position_ = 0;
  AVIOContext* io_ = nullptr;
  AVFormatContext* format_ = nullptr;
};

}  // namespace pdmp
