// A clip: a folder of pictures, pictures separated by ';', or a video -> (3, T, height, width). Crop and flip are drawn
// for each frame.
#include <ATen/ops/stack.h>
#include <fmt/format.h>

#include "data/decode/video/video.h"
#include "data/files/media_file.h"
#include "data/types/cell_paths.h"
#include "data/types/frame_choice.h"
#include "data/types/picture.h"
#include "data/types/types.h"
#include "pdmp/tensor.h"

namespace pdmp::data {
namespace {

class FramesType : public ModalityType {
 public:
  explicit FramesType(const ModalityEntry& entry) {
    Settings source(entry);
    use_usual_normalisation(settings_);
    read_picture_settings(source, settings_);
    choice_ = read_frame_choice(source);
    source.finish();
  }

  std::vector<int64_t> shape(const Cell*) const override {
    return {settings_.channels, choice_.frames, settings_.size.height, settings_.size.width};
  }

  Tensor load(const Cell& cell, RandomStream* augment) const override {
    std::vector<std::filesystem::path> pictures = cell_paths(cell);
    if (pictures.size() == 1 && std::filesystem::is_directory(pictures[0])) {
      pictures = list_pictures(pictures[0], cell.limits());
    } else if (pictures.size() == 1 && is_video_name(pictures[0])) {
      return load_video(pictures[0], cell, augment);
    }
    const int64_t count = static_cast<int64_t>(pictures.size());
    const auto [first, last] = frame_range(count, choice_.fps, cell.start, cell.end);
    if (first == last) {
      refuse_media(cell_path(cell), "pictures between start and end of the row",
                   fmt::format("{} pictures in all", count), "correct start, end or fps");
    }
    std::vector<Tensor> frames;
    for (const int64_t index : choose_frames(last - first, choice_, augment)) {
      frames.push_back(load_picture(cell, pictures[static_cast<size_t>(first + index)], settings_, augment));
    }
    return at::stack(frames, 1);
  }

  bool uses_cache() const override { return true; }
  std::vector<std::filesystem::path> files(const Cell& cell) const override { return cell_paths(cell); }

 private:
  Tensor load_video(const std::filesystem::path& path, const Cell& cell, RandomStream* augment) const {
    const DecodedFile file(cell.cache, path, cell.limits());
    const VideoInfo info = file.video_info();
    if (info.times.empty() && info.frames > 1 && (cell.start || cell.end)) {
      refuse_media(path, "a video that says how long its frames last, to cut it", "none", "leave start and end empty");
    }
    const auto [first, last] = frame_range(info, cell.start, cell.end);
    if (first == last) {
      refuse_media(path, "frames between start and end of the row",
                   fmt::format("{} frames, {:.2f} s in all", info.frames, info.duration), "correct start and end");
    }
    std::vector<int64_t> chosen = choose_frames(last - first, choice_, augment);
    for (int64_t& index : chosen) index += first;
    std::vector<Tensor> frames(chosen.size());
    file.use_frames(kept_picture(path, settings_, augment), chosen, [&](size_t position, const Tensor& kept) {
      frames[position] = finish_picture(kept, path, settings_, augment);
    });
    return at::stack(frames, 1);
  }

  PictureSettings settings_;
  FrameChoice choice_;
};

}  // namespace

std::unique_ptr<ModalityType> make_frames_type(const ModalityEntry& entry) {
  return std::make_unique<FramesType>(entry);
}

}  // namespace pdmp::data
