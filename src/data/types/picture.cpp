#include "data/types/picture.h"

#include <algorithm>
#include <fmt/format.h>

#include "data/decode/image/image.h"
#include "data/features/normalise.h"
#include "data/features/rotate.h"
#include "data/files/media_file.h"
#include "data/types/tensors.h"
#include "pdmp/tensor.h"

namespace pdmp::data {
namespace {

constexpr int64_t kLargest = 4096;  // pixels of a side

// A number, of a square, or [height, width]; no side shorter than those of `least`.
PictureSize read_size(Settings& source, const std::string& key, PictureSize otherwise, const PictureSize& least) {
  const nlohmann::json* value = source.value(key);
  if (value == nullptr) return otherwise;
  const auto fits = [](const nlohmann::json& side, int64_t low) {
    return side.is_number_integer() && side.get<double>() >= static_cast<double>(low) && side.get<double>() <= kLargest;
  };
  const int64_t longer = std::max(least.height, least.width);
  if (fits(*value, longer)) return {value->get<int64_t>(), value->get<int64_t>()};
  if (!value->is_array() || value->size() != 2 || !fits(value->at(0), least.height) ||
      !fits(value->at(1), least.width)) {
    source.refuse(key, fmt::format("a whole number from {} to {}, or two, [height, width], from {} and {}", longer,
                                   kLargest, least.height, least.width));
  }
  return {value->at(0).get<int64_t>(), value->at(1).get<int64_t>()};
}

// What the sample is cut out of. However little it is turned, the sample must fit into what is kept of it.
void read_cut(Settings& augment, PictureSettings& settings) {
  constexpr int64_t kSteepest = 90;
  settings.enlarged = read_size(augment, "resize", {}, settings.size);
  settings.rotation = augment.integer("rotation", 0, 0, kSteepest);
  if (settings.enlarged.height > 0 && augment.value("min_scale") != nullptr) {
    augment.refuse("min_scale", "left out, as 'resize' is another way to crop");
  }
  const int64_t least = std::min(settings.enlarged.height, settings.enlarged.width);
  const int64_t most = std::max(settings.size.height, settings.size.width);
  const auto kept = static_cast<int64_t>(kRotatedShare * static_cast<double>(least));
  if (settings.rotation > 0 && kept < most) {
    augment.refuse("rotation",
                   fmt::format("0 or beside a 'resize' of which {:g} are at least the size ({})", kRotatedShare, most));
  }
}

// Four values of at most 1 are fractions of the image; otherwise they are pixels.
void read_crop(Settings& source, PictureSettings& settings) {
  const nlohmann::json* value = source.value("crop");
  if (value == nullptr) return;
  const auto is_number = [](const nlohmann::json& item) { return item.is_number(); };
  FixedCrop crop;
  if (value->is_array() && value->size() == 4 && std::all_of(value->begin(), value->end(), is_number)) {
    crop = make_fixed_crop(value->at(0).get<double>(), value->at(1).get<double>(), value->at(2).get<double>(),
                           value->at(3).get<double>());
  }
  if (!is_valid(crop)) {
    source.refuse("crop",
                  "[x, y, width, height], in whole pixels, or in fractions of the picture that end at 1 at most");
  }
  settings.crop = crop;
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

// A sample out of the enlarged picture. As in the code this comes from, the last place of each direction is never
// drawn.
Tensor cut_out(const Tensor& picture, const PictureSettings& settings, RandomStream& random) {
  Tensor larger = resize(picture, settings.enlarged.height, settings.enlarged.width, settings.interpolation);
  if (settings.rotation > 0) {
    larger = rotate(larger, static_cast<double>(random.integer(-settings.rotation, settings.rotation)));
  }
  const auto offset = [&](int64_t free) { return random.integer(0, std::max<int64_t>(0, free - 1)); };
  const auto [height, width] = settings.size;
  const int64_t top = offset(larger.size(0) - height), left = offset(larger.size(1) - width);
  return crop(larger, {top, left, height, width});
}

CropBox fixed_box(const FixedCrop& crop, const std::filesystem::path& path, int64_t height, int64_t width) {
  const CropBox box = box_of(crop, height, width);
  if (box.top + box.height <= height && box.left + box.width <= width) return box;
  refuse_media(
      path,
      fmt::format("an image of at least {}x{} pixels, as 'crop' needs", box.left + box.width, box.top + box.height),
      fmt::format("{}x{}", width, height), "correct 'crop' in dataset.json, or empty the cell");
}

// Nothing: the whole picture is wanted.
ChoosePart wanted_part(const std::filesystem::path& path, const PictureSettings& settings, RandomStream* augment) {
  const bool random = augment != nullptr && settings.enlarged.height == 0 && settings.min_scale < 1;
  if (!random && !settings.crop) return {};
  return [&path, &settings, augment, random](int64_t height, int64_t width) {
    const CropBox outer = settings.crop ? fixed_box(*settings.crop, path, height, width) : CropBox{0, 0, height, width};
    if (!random) return outer;
    CropBox part = random_resized_crop(outer.height, outer.width, settings.min_scale, *augment);
    part.top += outer.top;
    part.left += outer.left;
    return part;
  };
}

// The part that is wanted -> (height, width, C).
Tensor fit_part(const Tensor& part, const PictureSettings& settings, RandomStream* augment) {
  const bool cut = augment != nullptr && settings.enlarged.height > 0;
  Tensor fitted = cut ? cut_out(part, settings, *augment)
                      : resize(part, settings.size.height, settings.size.width, settings.interpolation);
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
  settings.size = read_size(source, "size", settings.size, {1, 1});
  if (settings.channels != 2) read_crop(source, settings);
  settings.mean = source.numbers("mean", settings.mean);
  settings.deviation = source.numbers("std", settings.deviation);
  const auto positive = [](double value) { return value > 0; };
  if (!std::all_of(settings.deviation.begin(), settings.deviation.end(), positive)) source.refuse("std", "above 0");
  settings.interpolation = read_interpolation(source);
  if (settings.channels == 3) settings.bgr = source.choice("channel_order", "rgb", {"rgb", "bgr"}) == "bgr";
  read_augmentation(source, settings);
}

Tensor fit_picture(const Tensor& picture, const std::filesystem::path& path, const PictureSettings& settings,
                   RandomStream* augment) {
  const ChoosePart part = wanted_part(path, settings, augment);
  return fit_part(part ? crop(picture, part(picture.size(0), picture.size(1))) : picture, settings, augment);
}

KeptPicture kept_picture(const std::filesystem::path& path, const PictureSettings& settings,
                         const RandomStream* augment) {
  if (augment != nullptr) return {CacheKind::picture, fmt::format("{}", settings.channels), {}};
  std::string name = fmt::format("{} {}x{} {} {}", settings.channels, settings.size.height, settings.size.width,
                                 static_cast<int>(settings.interpolation), settings.bgr);
  if (settings.crop) name += " crop " + text_of(*settings.crop);
  return {CacheKind::fitted, name,
          [&path, &settings](const Tensor& decoded) { return fit_picture(decoded, path, settings, nullptr); }};
}

Tensor finish_picture(const Tensor& kept, const std::filesystem::path& path, const PictureSettings& settings,
                      RandomStream* augment) {
  return normalised(augment != nullptr ? fit_picture(kept, path, settings, augment) : kept, settings);
}

// Only training's part of a file is decoded alone: whether a file is damaged must not depend on the cache in
// evaluation.
Tensor load_picture(const Cell& cell, const std::filesystem::path& path, const PictureSettings& settings,
                    RandomStream* augment) {
  if (cell.cache == nullptr && augment != nullptr) {
    const ChoosePart part = wanted_part(path, settings, augment);
    return normalised(
        fit_part(tensor_of(decode_image(path, settings.channels, part, cell.limits())), settings, augment), settings);
  }
  Tensor result;
  DecodedFile(cell.cache, path, cell.limits())
      .use_picture(kept_picture(path, settings, augment), settings.channels,
                   [&](const Tensor& kept) { result = finish_picture(kept, path, settings, augment); });
  return result;
}

}  // namespace pdmp::data
