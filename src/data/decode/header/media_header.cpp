#include "data/decode/header/media_header.h"

#include <algorithm>
#include <cerrno>
#include <string>
#include <string_view>

#include "data/decode/ffmpeg.h"
#include "data/decode/header/image_format.h"
#include "data/decode/sealed_input.h"
#include "data/svg/svg.h"
#include "pdmp/error.h"

namespace pdmp::data {
namespace {

// A file on disk, of which libavformat reads what it asks for. Its content alone tells the format: a name may lie.
class FileSource : public ByteSource {
 public:
  explicit FileSource(const InputFile& file) : file_(file) {}

  int64_t size() const override { return file_.size(); }
  int read(int64_t offset, uint8_t* target, int count) override {
    const int64_t done = file_.read_at(offset, reinterpret_cast<char*>(target), count);
    return done < 0 ? AVERROR(errno) : static_cast<int>(done);
  }

 private:
  const InputFile& file_;
};

// Of the stream, else of the whole file.
std::optional<double> seconds_of(const AVFormatContext& format, const AVStream& stream) {
  if (stream.duration > 0) return static_cast<double>(stream.duration) * av_q2d(stream.time_base);
  if (format.duration > 0) return static_cast<double>(format.duration) / AV_TIME_BASE;
  return std::nullopt;
}

// The readers of single pictures are called png_pipe, jpeg_pipe ...; of an animated GIF the first one counts.
bool is_still(const AVFormatContext& format) {
  const std::string_view name = format.iformat->name;
  return name.ends_with("_pipe") || name == "gif";
}

MediaHeader header_of(const AVFormatContext& format) {
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

// An SVG has no header: where the file may be one, all of it is read.
std::optional<MediaHeader> header_of_svg(const FileReading& reading, const InputFile& file) {
  constexpr int64_t kEnough = 64;
  std::string bytes(kEnough, '\0');
  bytes.resize(static_cast<size_t>(std::max<int64_t>(0, file.read_at(0, bytes.data(), kEnough))));
  const size_t first = bytes.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  if (first != std::string::npos && bytes[first] != '<') return std::nullopt;
  bytes = file.read_all();
  const ImageFormat* format = find_image_format(bytes);
  if (format == nullptr || format->codec != AV_CODEC_ID_SVG) return std::nullopt;
  const auto size = svg_size(reading, bytes);
  if (!size) return std::nullopt;
  MediaHeader header;
  header.width = size->first;
  header.height = size->second;
  return header;
}

}  // namespace

std::optional<MediaHeader> read_media_header(const std::filesystem::path& path, const FileLimits& limits) {
  const FfmpegMessages messages;
  const FileReading reading(path, limits);
  try {
    const InputFile file(reading, "a media file");
    if (const auto header = header_of_svg(reading, file)) return header;
    FileSource source(file);
    SealedInput input(reading, source, kContainersAndImages);
    if (input.open() >= 0 && find_streams(*input.format()) >= 0) return header_of(*input.format());
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
  }
  return std::nullopt;
}

}  // namespace pdmp::data
