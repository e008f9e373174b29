// Pictures and sound to a video file: what tests and miniature data sets are made of.
#pragma once

#include <filesystem>

#include "pdmp/torch.h"

namespace pdmp {

struct VideoEncoding {
  double fps = 25;
  Tensor audio = {};           // nothing, (n) or (2, n) float in [-1, 1]
  int64_t audio_rate = 16000;  // .flv: 44100, 22050 or 11025 alone
  int rotation = 0;            // clockwise degrees players apply: 0, 90, 180 or 270; .mp4 and .mov alone
  int keyframe_interval = 12;
  int b_frames = 2;  // where the codec has them (H.264, MPEG-4); 0 in .avi and .flv
};

// frames (T, H, W, 3) uint8 RGB, T >= 1; a size codecs with halved colour cannot hold is coded as it is where they can
// (MPEG-4, flv1, MJPEG; H.264 in 4:4:4 then). By extension:
//   .mp4, .mov, .mkv  H.264 where libx264 is there, else MPEG-4; AAC
//   .avi              MPEG-4; PCM        (.mjpeg.avi: MJPEG)
//   .flv              flv1; PCM
// Lossy: compare with a tolerance. Error{usage} for another extension or option, Error{io} where it cannot be written.
void write_video(const std::filesystem::path& path, const Tensor& frames, const VideoEncoding& encoding = {});

}  // namespace pdmp
