#include "data/decode/media_header.h"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

extern "C" {
#include <libavformat/avformat.h>
}

#include "data/decode/ffmpeg.h"
#include "data/decode/memory_input.h"

namespace pdmp {
namespace {

// A file as input of libavformat by its content alone: an extension may lie, and in a name that holds '%d' the reader
// of picture series would see a pattern.
class FileInput {
 public:
  explicit FileInput(const std::filesystem::path& path) {
    if (avio_open(&io_, ("file:" + path.string()).c_str(), AVIO_FLAG_READ) < 0) return;
    format_ = avformat_alloc_context();
    if (format_ == nullptr) return;
    format_->pb = io_;
    open_ = avformat_open_input(&format_, nullptr, nullptr, nullptr) >= 0 &&  // frees format_ where it fails
            find_streams(*format_) >= 0;
  }
  ~FileInput() {
    avformat_close_input(&format_);
    avio_closep(&io_);
  }
  FileInput(const FileInput&) = delete;
  FileInput& operator=(const FileInput&) = delete;

  bool is_open() const { return open_; }
  const AVFormatContext& format() const { return *format_; }

 private:
  AVIOContext* io_ = nullptr;
  AVFormatContext* format_ = nullptr;
  bool open_ = false;
};

// Of the stream, else of the whole file.
std::optional<double> seconds_of(const AVFormatContext& format, const AVStream& stream) {
  if (stream.duration > 0) return static_cast<double>(stream.duration) * av_q2d(stream.time_base);
  if (format.duration > 0) return static_cast<double>(format.duration) / AV_TIME_BASE;
  return std::nullopt;
}

// The readers of single pictures are called png_pipe, jpeg_pipe ...
bool is_still(const AVFormatContext& format) { return std::string_view(format.iformat->name).ends_with("_pipe"); }

}  // namespace

std::optional<MediaHeader> read_media_header(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return std::nullopt;
  const FfmpegMessages messages;
  const FileInput input(path);
  if (!input.is_open()) return std::nullopt;
  const AVFormatContext& format = input.format();
  MediaHeader header;
  for (unsigned i = 0; i < format.nb_streams; ++i) {
    const AVStream& stream = *format.streams[i];
    const AVCodecParameters& codec = *stream.codecpar;
    if (codec.codec_type == AVMEDIA_TYPE_AUDIO && !header.sound) {
      header.sound = seconds_of(format, stream);
    } else if (codec.codec_type == AVMEDIA_TYPE_VIDEO && header.width == 0 &&
               (stream.disposition & AV_DISPOSITION_ATTACHED_PIC) == 0) {
      header.width = codec.width;
      header.height = codec.height;
      if (is_still(format)) continue;
      header.video = seconds_of(format, stream);
      header.fps = stream.avg_frame_rate.den > 0 ? av_q2d(stream.avg_frame_rate) : 0;
    }
  }
  return header;
}

}  // namespace pdmp
