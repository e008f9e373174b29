// The packets and frames of one video, in their order in the file.
#pragma once

#include <optional>
#include <string>
#include <vector>

extern "C" {
#include <libavformat/avformat.h>
}

#include "data/decode/ffmpeg.h"
#include "data/decode/memory_input.h"
#include "data/files/file_reading.h"

namespace pdmp::data {

constexpr const char* kExpectedVideo = "a video";
constexpr const char* kExpectedWholeVideo = "a whole video";

// What a first look at a file has found out about its pictures, for which FFmpeg decodes some.
struct StreamFacts {
  int index = -1;
  FfmpegPtr<AVCodecParameters> parameters;
};

// One file, opened for reading its packets from the beginning. Error{data} naming the file from every function.
class VideoReader {
 public:
  // `known`: what facts() said of the same bytes. All three must outlive it.
  VideoReader(const FileReading& reading, const std::string& bytes, const StreamFacts* known = nullptr);

  AVStream& stream() { return *input_.format()->streams[stream_index_]; }
  AVFormatContext& format() { return *input_.format(); }

  // Of containers whose header tells all streams and whose packets say when they are shown; nothing of others, where
  // what a reader sees of the packets may depend on what it knows of the stream.
  std::optional<StreamFacts> facts();

  // The next packet of the pictures; false at the end of the file.
  bool next(AVPacket& packet);
  void send(const AVPacket* packet) { check(avcodec_send_packet(context_.get(), packet), "decode"); }
  void restart() { avcodec_flush_buffers(context_.get()); }
  // Skip non-reference frames.
  void skip_unneeded(bool skip) { context_->skip_frame = skip ? AVDISCARD_NONREF : AVDISCARD_DEFAULT; }
  bool receive(AVFrame& frame);

  // After the last packet. Containers that say how long they are tell on a cut file; guesses from the bit rate do not
  // count.
  void check_end();
  // After the last packet: where the packets of a stream end, in seconds of its timestamps; 0: none had a timestamp.
  double end_of(int stream) const;

 private:
  void note_end(const AVPacket& packet);
  void check(int code, const char* action) const;

  const FileReading& reading_;
  const std::filesystem::path& path_;
  FfmpegMessages messages_;
  MemoryInput input_;
  int stream_index_ = -1;
  FfmpegPtr<AVCodecContext> context_;
  std::vector<double> last_ends_;  // seconds, per stream
};

}  // namespace pdmp::data
