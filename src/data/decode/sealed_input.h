// libavformat with its doors shut: a file is read as one of a short list of containers, from bytes that were opened
// here. Whatever is in it, it cannot name another file, an address or a device for FFmpeg to open.
#pragma once

#include <cstdint>
#include <string>

extern "C" {
#include <libavformat/avformat.h>
}

#include "data/files/file_reading.h"

namespace pdmp::data {

// Where a container's bytes come from.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  virtual int64_t size() const = 0;
  // Reads up to `count` bytes at `offset`; how many, 0 at the end, FFmpeg's error code below 0.
  virtual int read(int64_t offset, uint8_t* target, int count) = 0;
};

// Names of demuxers, separated by commas. None of them opens anything by itself (FFmpeg 5.1: only `mov` can, for the
// data references of QuickTime, through io_open): no playlists (dash, hls, concat, imf), network sessions (sdp, rtsp),
// series of images (image2), scripts or devices.
extern const char* const kContainers;
// And those that FFmpeg reads single images with.
extern const char* const kContainersAndImages;

// FFmpeg's avformat_find_stream_info, which decodes the first frames, with the limit on their size. Its code.
int find_streams(AVFormatContext& format);

class SealedInput {
 public:
  // Both must outlive it. Once the reading is over, FFmpeg gets no more bytes.
  SealedInput(const FileReading& reading, ByteSource& source, const char* formats);
  ~SealedInput();
  SealedInput(const SealedInput&) = delete;
  SealedInput& operator=(const SealedInput&) = delete;

  // FFmpeg's code; once. `known`: the format, where the caller has told it already; it must be on the list as well.
  int open(const AVInputFormat* known = nullptr);
  AVFormatContext* format() { return format_; }
  // After `open`: what was found where it is a format that is not on the list, in words; else "".
  const std::string& foreign() const { return foreign_; }

 private:
  static int read(void* self, uint8_t* target, int size);
  static int64_t seek(void* self, int64_t offset, int whence);

  const FileReading& reading_;
  ByteSource& source_;
  const char* formats_;
  std::string foreign_;
  int64_t position_ = 0;
  AVIOContext* io_ = nullptr;
  AVFormatContext* format_ = nullptr;
};

}  // namespace pdmp::data
