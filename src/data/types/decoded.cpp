#include "data/types/decoded.h"

#include <ATen/ops/tensor.h>
#include <array>
#include <fmt/format.h>

#include "data/decode/image/image.h"
#include "data/files/damaged_files.h"
#include "data/types/tensors.h"
#include "pdmp/tensor.h"

namespace pdmp::data {
namespace {

Tensor made_of(const Tensor& decoded, const KeptPicture& kept) { return kept.make ? kept.make(decoded) : decoded; }

std::string frame_name(const KeptPicture& kept, int64_t index) { return fmt::format("frame {} {}", index, kept.name); }

// Doubles hold all of these exactly. The frames' times follow.
constexpr int64_t kFacts = 9;

Tensor tensor_of(const VideoInfo& info) {
  std::vector<double> values = {static_cast<double>(info.frames),
                                info.fps,
                                info.duration,
                                static_cast<double>(info.width),
                                static_cast<double>(info.height),
                                static_cast<double>(info.rotation),
                                info.mirrored ? 1.0 : 0.0,
                                info.has_audio ? 1.0 : 0.0,
                                info.end};
  values.insert(values.end(), info.times.begin(), info.times.end());
  return at::tensor(values, at::kDouble);
}

VideoInfo info_of(const Tensor& tensor) {
  const double* values = tensor.const_data_ptr<double>();
  VideoInfo info;
  info.frames = static_cast<int64_t>(values[0]);
  info.fps = values[1];
  info.duration = values[2];
  info.width = static_cast<int64_t>(values[3]);
  info.height = static_cast<int64_t>(values[4]);
  info.rotation = static_cast<int>(values[5]);
  info.mirrored = values[6] != 0;
  info.has_audio = values[7] != 0;
  info.end = values[8];
  info.times.assign(values + kFacts, values + tensor.numel());
  return info;
}

}  // namespace

DecodedFile::DecodedFile(SampleCache* cache, std::filesystem::path path, const FileLimits& limits)
    : cache_(cache), path_(std::move(path)), limits_(limits) {
  if (cache_ == nullptr) return;
  check_place(path_, "a file", limits_);  // what the cache has of it belongs to who may read it
  content_ = cache_->content(path_, limits_);
}

std::optional<std::string> DecodedFile::key(const std::string& what) const {
  if (!content_) return std::nullopt;
  return SampleCache::key(*content_, what);
}

// What was decoded belongs to the content that was hashed before only if the file is still the same. Damaged files
// stay out: without --media lenient they do not decode.
void DecodedFile::keep(CacheKind kind, const std::string& what, const Tensor& value) const {
  if (content_ && !damaged_files().has(path_) && has_content(path_, *content_, limits_))
    cache_->put(*key(what), kind, value);
}

void DecodedFile::use(CacheKind kind, const std::string& what, const std::function<Tensor()>& make,
                      const UseTensor& work) const {
  if (const auto known = key(what); known && cache_->use(*known, work)) return;
  const Tensor value = make();
  keep(kind, what, value);
  work(value);
}

Tensor DecodedFile::get(CacheKind kind, const std::string& what, const std::function<Tensor()>& make) const {
  Tensor value;
  const auto copy = [&](const Tensor& kept) { value = kept.clone(); };
  if (const auto known = key(what); known && cache_->use(*known, copy)) return value;
  value = make();
  keep(kind, what, value);
  return value;
}

void DecodedFile::use_picture(const KeptPicture& kept, int64_t channels, const UseTensor& work) const {
  use(
      kept.kind, "picture " + kept.name,
      [&] { return made_of(tensor_of(decode_image(path_, channels, {}, limits_)), kept); }, work);
}

const Video& DecodedFile::video() const {
  if (video_ == nullptr) video_ = std::make_unique<const Video>(path_, limits_);
  return *video_;
}

VideoInfo DecodedFile::video_info() const {
  VideoInfo info;
  use(
      CacheKind::video, "video", [&] { return tensor_of(video().info()); },
      [&](const Tensor& facts) { info = info_of(facts); });
  return info;
}

void DecodedFile::use_frames(const KeptPicture& kept, const std::vector<int64_t>& indices,
                             const std::function<void(size_t position, const Tensor& frame)>& work) const {
  const auto is_kept = [&](int64_t index) {
    const auto known = key(frame_name(kept, index));
    return known && cache_->holds(*known);
  };
  // Those that are not there are decoded in one go, which costs little more than the last of them alone.
  std::vector<int64_t> absent;
  std::vector<size_t> positions;
  for (size_t i = 0; i < indices.size(); ++i) {
    if (is_kept(indices[i])) continue;
    absent.push_back(indices[i]);
    positions.push_back(i);
  }
  std::vector<Tensor> decoded(indices.size());
  if (!absent.empty()) {
    const std::vector<Pixels> frames = video().frames(absent);
    for (size_t i = 0; i < frames.size(); ++i) decoded[positions[i]] = made_of(tensor_of(frames[i]), kept);
  }
  for (size_t i = 0; i < indices.size(); ++i) {
    const std::string name = frame_name(kept, indices[i]);
    if (decoded[i].defined()) {
      keep(kept.kind, name, decoded[i]);
      work(i, decoded[i]);
      continue;
    }
    // It may have left or be damaged after all.
    use(
        kept.kind, name, [&] { return made_of(tensor_of(video().frames({indices[i]}).at(0)), kept); },
        [&](const Tensor& frame) { work(i, frame); });
  }
}

}  // namespace pdmp::data
