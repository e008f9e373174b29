#include "data/types/picture.h"

#include <algorithm>
#include <fmt/format.h>

#include "data/decode/image.h"
#include "data/features/normalise.h"
#include "data/features/rotate.h"

namespace pdmp {
namespace {

constexpr int64_t kLargest = 4096;  // pixels of a side

// The square that the sample is cut out of. However little it is turned, the sample must fit into what is kept of it.
void read_cut(Settings& augment, PictureSettings& settings) {
  constexpr int64_t kSteepest = 90;
  settings.enlarged = augment.integer("resize", 0, settings.size, kLargest);
  settings.rotation = augment.integer("rotation", 0, 0, kSteepest);
  if (settings.enlarged > 0 && augment.value("min_scale") != nullptr) {
    augment.refuse("min_scale", "left out, as 'resize' is another way to crop");
  }
  const auto kept = static_cast<int64_t>(kRotatedShare * static_cast<double>(settings.enlarged));
  if (settings.rotation > 0 && kept < settings.size) {
    augment.refuse("rotation", fmt::format("0 or beside a 'resize' of which {:g} are at least the size ({})",
                                           kRotatedShare, settings.size));
  }
}

void read_augmentation(Settings& source, PictureSettings& settings) {
  const nlohmann::json* augment = source.value("augment");
  if (augment == nullptr) return;
  if (augment->is_string() && *augment == "none") {
    settings.min_scale = 1;
    settings.flip = 0;
    return;
  }
  if (!augment->is_object()) source.refuse("augment", "\"none\" or an object of min_scale, flip, resize and rotation");
  Settings inner(source.where() + ", augment", *augment);
  constexpr double kSmallestScale = 0.01;
  settings.min_scale = inner.number("min_scale", settings.min_scale, kSmallestScale, 1);
  settings.flip = inner.number("flip", settings.flip, 0, 1);
  if (settings.channels != 2) read_cut(inner, settings);
  inner.finish();
}

Interpolation read_interpolation(Settings& source) {
  const std::string name = source.choice("interpolation", "bilinear", {"bilinear", "bicubic", "bilinear_plain"});
  if (name == "bicubic") return Interpolation::bicubic;
  return name == "bilinear" ? Interpolation::bilinear : Interpolation::bilinear_plain;
}

// `size` out of the enlarged picture. As in the code this comes from, the last place of each direction is never drawn.
Tensor cut_out(const Tensor& picture, const PictureSettings& settings, RandomStream& random) {
  Tensor larger = resize(picture, settings.enlarged, settings.enlarged, settings.interpolation);
  if (settings.rotation > 0) {
    larger = rotate(larger, static_cast<double>(random.integer(-settings.rotation, settings.rotation)));
  }
  const auto offset = [&](int64_t length) {
    return random.integer(0, std::max<int64_t>(0, length - settings.size - 1));
  };
  const int64_t top = offset(larger.size(0)), left = offset(larger.size(1));
  return crop(larger, {top, left, settings.size, settings.size});
}

// Nothing: the whole picture is wanted.
ChoosePart random_part(const PictureSettings& settings, RandomStream* augment) {
  if (augment == nullptr || settings.enlarged > 0 || settings.min_scale == 1) return {};
  return [&settings, augment](int64_t height, int64_t width) {
    return random_resized_crop(height, width, settings.min_scale, *augment);
  };
}

// The part that is wanted -> (size, size, C).
Tensor fit_part(const Tensor& part, const PictureSettings& settings, RandomStream* augment) {
  const bool cut = augment != nullptr && settings.enlarged > 0;
  Tensor fitted =
      cut ? cut_out(part, settings, *augment) : resize(part, settings.size, settings.size, settings.interpolation);
  if (augment != nullptr && augment->bernoulli(settings.flip)) fitted = fitted.flip(1);
  return settings.bgr ? fitted.flip(2) : fitted;
}

Tensor normalised(const Tensor& fitted, const PictureSettings& settings) {
  return normalise(fitted, settings.mean, settings.deviation);
}

}  // namespace

void use_usual_normalisation(PictureSettings& settings) {
  const size_t channels = static_cast<size_t>(settings.channels);
  settings.mean = channels == 3 ? std::vector<double>{0.485, 0.456, 0.406} : std::vector<double>(channels, 0.5);
  settings.deviation = channels == 3 ? std::vector<double>{0.229, 0.224, 0.225} : std::vector<double>(channels, 0.5);
}

void read_picture_settings(Settings& source, PictureSettings& settings) {
  settings.size = source.integer("size", settings.size, 1, kLargest);
  settings.mean = source.numbers("mean", settings.mean);
  settings.deviation = source.numbers("std", settings.deviation);
  const auto positive = [](double value) { return value > 0; };
  if (!std::all_of(settings.deviation.begin(), settings.deviation.end(), positive)) source.refuse("std", "above 0");
  settings.interpolation = read_interpolation(source);
  if (settings.channels == 3) settings.bgr = source.choice("channel_order", "rgb", {"rgb", "bgr"}) == "bgr";
  read_augmentation(source, settings);
}

Tensor fit_picture(const Tensor& picture, const PictureSettings& settings, RandomStream* augment) {
  const ChoosePart part = random_part(settings, augment);
  return fit_part(part ? crop(picture, part(picture.size(0), picture.size(1))) : picture, settings, augment);
}

KeptPicture kept_picture(const PictureSettings& settings, const RandomStream* augment) {
  if (augment != nullptr) return {CacheKind::picture, fmt::format("{}", settings.channels), {}};
  return {CacheKind::fitted,
          fmt::format("{} {} {} {}", settings.channels, settings.size, static_cast<int>(settings.interpolation),
                      settings.bgr),
          [&settings](const Tensor& decoded) { return fit_picture(decoded, settings, nullptr); }};
}

Tensor finish_picture(const Tensor& kept, const PictureSettings& settings, RandomStream* augment) {
  return normalised(augment != nullptr ? fit_picture(kept, settings, augment) : kept, settings);
}

Tensor load_picture(const Cell& cell, const std::filesystem::path& path, const PictureSettings& settings,
                    RandomStream* augment) {
  if (cell.cache == nullptr) {
    const Tensor part = decode_image(path, settings.channels, random_part(settings, augment), cell.limits());
    return normalised(fit_part(part, settings, augment), settings);
  }
  Tensor result;
  DecodedFile(cell.cache, path, cell.limits())
      .use_picture(kept_picture(settings, augment), settings.channels,
                   [&](const Tensor& kept) { result = finish_picture(kept, settings, augment); });
  return result;
}

}  // namespace pdmp
