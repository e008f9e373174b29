#include "data/decode/file_clock.h"

#include <algorithm>

extern "C" {
#include <libavcodec/codec_desc.h>
#include <libavformat/avformat.h>
}

namespace pdmp::data {
namespace {

std::optional<double> start_of(const AVFormatContext& format, int index) {
  if (index < 0 || format.streams[index]->start_time == AV_NOPTS_VALUE) return std::nullopt;
  return seconds_at(*format.streams[index], format.streams[index]->start_time);
}

// Two blocks; of 25 ms where the codec's are not known. Lossless codecs have no delay.
double encoder_delay(const AVCodecParameters& sound) {
  constexpr int kBlocks = 2, kBlocksPerSecond = 40;
  const AVCodecDescriptor* codec = avcodec_descriptor_get(sound.codec_id);
  const bool lossy = codec != nullptr && (codec->props & AV_CODEC_PROP_LOSSY) != 0;
  if (!lossy || sound.sample_rate <= 0) return 0;
  const int block = sound.frame_size > 0 ? sound.frame_size : sound.sample_rate / kBlocksPerSecond;
  return static_cast<double>(kBlocks) * block / sound.sample_rate;
}

}  // namespace

int find_pictures(AVFormatContext& format) {
  const int index = av_find_best_stream(&format, AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  return index >= 0 && (format.streams[index]->disposition & AV_DISPOSITION_ATTACHED_PIC) == 0 ? index : -1;
}

int find_sound(AVFormatContext& format) {
  return std::max(-1, av_find_best_stream(&format, AVMEDIA_TYPE_AUDIO, -1, -1, nullptr, 0));
}

std::optional<double> clock_start(AVFormatContext& format) {
  const int sound_index = find_sound(format);
  const auto pictures = start_of(format, find_pictures(format)), sound = start_of(format, sound_index);
  if (!pictures || !sound) return pictures ? pictures : sound;
  const bool by_delay = *pictures - *sound <= encoder_delay(*format.streams[sound_index]->codecpar);
  return *pictures <= *sound || by_delay ? pictures : sound;
}

double seconds_at(const AVStream& stream, int64_t timestamp) {
  return static_cast<double>(timestamp) * av_q2d(stream.time_base);
}

}  // namespace pdmp::data
