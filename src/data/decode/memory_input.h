// Bytes in memory as a sealed input of libavformat.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "data/decode/ffmpeg.h"
#include "data/decode/sealed_input.h"

namespace pdmp::data {

class MemoryInput : private ByteSource {
 public:
  MemoryInput(const FileReading& reading, const std::string& bytes);  // both must outlive it

  // Once. Error{data} naming the file where its bytes are of no format that is opened, or damaged.
  void open(std::string_view expected, const FfmpegMessages& messages);
  AVFormatContext* format() { return input_.format(); }

 private:
  int64_t size() const override { return static_cast<int64_t>(bytes_.size()); }
  int read(int64_t offset, uint8_t* target, int count) override;

  const FileReading& reading_;
  const std::string& bytes_;
  SealedInput input_;
};

}  // namespace pdmp::data
