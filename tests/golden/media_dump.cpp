// What pdmp decodes of media files, as raw numbers, for the checks against Python libraries.
//
//   media_dump    reads lines of KIND, FILE and OUT, separated by tabs, and answers each with a line of JSON:
//     sound    OUT gets the samples, float32                 {"rate": 16000, "samples": 32000}
//     video    OUT gets the frames, RGB, height x width x 3  {"height": ..., "width": ..., "times": [...], "end": ...}
//   A file that is refused: {"error": "..."}
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <sstream>

#include "data/decode/audio/audio.h"
#include "data/decode/video/video.h"
#include "pdmp/error.h"
#include "support/media/tensors.h"

namespace {

void append(std::ofstream& out, const pdmp::Tensor& values) {
  out.write(static_cast<const char*>(values.const_data_ptr()), static_cast<std::streamsize>(values.nbytes()));
}

nlohmann::json dump_sound(const std::string& file, std::ofstream& out) {
  const pdmp::AudioTensor audio = pdmp::audio_tensor(file);
  append(out, audio.samples.contiguous());
  return {{"rate", audio.rate}, {"samples", audio.samples.numel()}};
}

nlohmann::json dump_video(const std::string& file, std::ofstream& out) {
  const pdmp::data::Video video(file);
  const pdmp::data::VideoInfo& info = video.info();
  std::vector<int64_t> indices(static_cast<size_t>(info.frames));
  std::iota(indices.begin(), indices.end(), 0);
  const std::vector<pdmp::Tensor> frames = pdmp::tensors_of(video.frames(indices));
  for (const pdmp::Tensor& frame : frames) append(out, frame.contiguous());
  return {{"height", frames[0].size(0)}, {"width", frames[0].size(1)}, {"times", info.times}, {"end", info.end}};
}

nlohmann::json dump(const std::string& line) {
  std::istringstream fields(line);
  std::string kind, file, target;
  std::getline(fields, kind, '\t');
  std::getline(fields, file, '\t');
  std::getline(fields, target);
  std::ofstream out(target, std::ios::binary);
  try {
    return kind == "sound" ? dump_sound(file, out) : dump_video(file, out);
  } catch (const pdmp::Error& error) {
    return {{"error", error.what()}};
  }
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) std::cout << dump(line).dump() << std::endl;
}
