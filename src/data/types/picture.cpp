#include "data/types/picture.h"

#include <algorithm>
#include <fmt/format.h>

#include "data/decode/image.h"
#include "data/features/normalise.h"

namespace pdmp {
namespace {

void read_augmentation(Settings& source, PictureSettings& settings) {
  const nlohmann::json* augment = source.value("augment");
  if (augment == nullptr) return;
  if (augment->is_string() && *augment == "none") {
    settings.min_scale = 1;
    settings.flip = 0;
    return;
  }
  if (!augment->is_object()) source.refuse("augment", "\"none\" or an object of min_scale and flip");
  Settings inner(source.where() + ", augment", *augment);
  constexpr double kSmallestScale = 0.01;
  settings.min_scale = inner.number("min_scale", settings.min_scale, kSmallestScale, 1);
  settings.flip = inner.number("flip", settings.flip, 0, 1);
  inner.finish();
}

}  // namespace

void use_usual_normalisation(PictureSettings& settings) {
  const size_t channels = static_cast<size_t>(settings.channels);
  settings.mean = channels == 3 ? std::vector<double>{0.485, 0.456, 0.406} : std::vector<double>(channels, 0.5);
  settings.deviation = channels == 3 ? std::vector<double>{0.229, 0.224, 0.225} : std::vector<double>(channels, 0.5);
}

void read_picture_settings(Settings& source, PictureSettings& settings) {
  constexpr int64_t kLargest = 4096;
  settings.size = source.integer("size", settings.size, 1, kLargest);
  settings.mean = source.numbers("mean", settings.mean);
  settings.deviation = source.numbers("std", settings.deviation);
  const auto positive = [](double value) { return value > 0; };
  if (!std::all_of(settings.deviation.begin(), settings.deviation.end(), positive)) source.refuse("std", "above 0");
  settings.interpolation = source.choice("interpolation", "bilinear", {"bilinear", "bicubic"}) == "bicubic"
                               ? Interpolation::bicubic
                               : Interpolation::bilinear;
  read_augmentation(source, settings);
}

Tensor fit_picture(const Tensor& picture, const PictureSettings& settings, RandomStream* augment) {
  Tensor source = picture;
  if (augment != nullptr && settings.min_scale < 1) {
    source = crop(picture, random_resized_crop(picture.size(0), picture.size(1), settings.min_scale, *augment));
  }
  const Tensor fitted = resize(source, settings.size, settings.size, settings.interpolation);
  return augment != nullptr && augment->bernoulli(settings.flip) ? fitted.flip(1) : fitted;
}

Tensor load_picture(const std::filesystem::path& path, const PictureSettings& settings, RandomStream* augment) {
  const Tensor picture = decode_image(path, settings.channels);
  return normalise(fit_picture(picture, settings, augment), settings.mean, settings.deviation);
}

}  // namespace pdmp
