// Optical flow as pairs of gray images -> (2, T, height, width). One crop and one flip for the whole sample; a
// mirrored horizontal motion changes its sign.
#include <ATen/ops/cat.h>
#include <ATen/ops/stack.h>
#include <fmt/format.h>

#include "data/decode/image/image.h"
#include "data/features/normalise.h"
#include "data/files/media_file.h"
#include "data/types/cell_paths.h"
#include "data/types/flow_pairs.h"
#include "data/types/frame_choice.h"
#include "data/types/picture.h"
#include "data/types/tensors.h"
#include "data/types/types.h"
#include "pdmp/tensor.h"

namespace pdmp::data {
namespace {

class FlowType : public ModalityType {
 public:
  explicit FlowType(const ModalityEntry& entry) {
    Settings source(entry);
    settings_.channels = 2;
    settings_.mean = {0.5, 0.5};
    settings_.deviation = {0.25, 0.25};
    settings_.min_scale = 1;
    read_picture_settings(source, settings_);
    choice_ = read_frame_choice(source);
    source.finish();
  }

  std::vector<int64_t> shape(const Cell*) const override {
    return {2, choice_.frames, settings_.size.height, settings_.size.width};
  }

  Tensor load(const Cell& cell, RandomStream* augment) const override {
    const std::vector<FlowPair> pairs = find_flow_pairs(cell);
    const int64_t count = static_cast<int64_t>(pairs.size());
    const auto [first, last] = frame_range(count, choice_.fps, cell.start, cell.end);
    if (first == last) {
      refuse_media(pairs[0].first, "flow between start and end of the row", fmt::format("{} steps in all", count),
                   "correct start, end or fps");
    }
    std::vector<Tensor> steps;
    for (const int64_t index : choose_frames(last - first, choice_, augment)) {
      const FlowPair& pair = pairs[static_cast<size_t>(first + index)];
      steps.push_back(decode_pair(cell, pair));
      if (steps.back().sizes() != steps[0].sizes()) refuse_media(pair.first, "one size throughout the clip", "another");
    }
    return transform(steps, augment);
  }

  bool uses_cache() const override { return true; }

  std::vector<std::filesystem::path> files(const Cell& cell) const override { return cell_paths(cell); }

 private:
  // (H, W, 1) uint8. As decoded in evaluation too: the sizes of a clip are compared.
  static Tensor decode_grey(const Cell& cell, const std::filesystem::path& path) {
    return DecodedFile(cell.cache, path, cell.limits()).get(CacheKind::picture, "picture 1", [&] {
      return tensor_of(decode_image(path, 1, {}, cell.limits()));
    });
  }

  // (H, W, 2) uint8.
  static Tensor decode_pair(const Cell& cell, const FlowPair& pair) {
    const Tensor horizontal = decode_grey(cell, pair.first), vertical = decode_grey(cell, pair.second);
    if (horizontal.sizes() != vertical.sizes()) {
      refuse_media(pair.second, fmt::format("{}x{} pixels as its partner has", horizontal.size(0), horizontal.size(1)),
                   fmt::format("{}x{}", vertical.size(0), vertical.size(1)));
    }
    return at::cat({horizontal, vertical}, 2);
  }

  Tensor transform(const std::vector<Tensor>& steps, RandomStream* augment) const {
    CropBox box{0, 0, steps[0].size(0), steps[0].size(1)};
    if (augment != nullptr && settings_.min_scale < 1)
      box = random_resized_crop(box.height, box.width, settings_.min_scale, *augment);
    const bool flip = augment != nullptr && augment->bernoulli(settings_.flip);
    std::vector<Tensor> result;
    for (const Tensor& step : steps) {
      Tensor picture = resize(crop(step, box), settings_.size.height, settings_.size.width, settings_.interpolation);
      if (flip) {
        picture = picture.flip(1);
        picture.select(2, 0).bitwise_not_();  // 255 - u
      }
      result.push_back(normalise(picture, settings_.mean, settings_.deviation));
    }
    return at::stack(result, 1);
  }

  PictureSettings settings_;
  FrameChoice choice_;
};

}  // namespace

std::unique_ptr<ModalityType> make_flow_type(const ModalityEntry& entry) { return std::make_unique<FlowType>(entry); }

}  // namespace pdmp::data
