// What decoding gives, from the sample cache where there is one: a file that is in it is not opened.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/cache/sample_cache.h"
#include "data/decode/video/video.h"

namespace pdmp::data {

// Reads a tensor in place: it must neither keep nor change it.
using UseTensor = std::function<void(const Tensor&)>;

// What is kept of a picture: as decoded, or already of the size it will have.
struct KeptPicture {
  CacheKind kind = CacheKind::picture;
  std::string name;                                   // with every setting that matters: "3", "3 64 bilinear"
  std::function<Tensor(const Tensor& decoded)> make;  // nothing: as decoded
};

// One media file, for one thread. Without a cache everything is made when it is asked for.
class DecodedFile {
 public:
  // `limits` must outlive it. Error{data} where there is a cache and the file lies outside their folders.
  DecodedFile(SampleCache* cache, std::filesystem::path path, const FileLimits& limits);

  // `what` names all that decides what `make` makes of the file's content.
  void use(CacheKind kind, const std::string& what, const std::function<Tensor()>& make, const UseTensor& work) const;
  // The same as a tensor of one's own.
  Tensor get(CacheKind kind, const std::string& what, const std::function<Tensor()>& make) const;

  void use_picture(const KeptPicture& kept, int64_t channels, const UseTensor& work) const;

  VideoInfo video_info() const;
  // `work` with position and frame, in order. Indices as Video::frames takes them.
  void use_frames(const KeptPicture& kept, const std::vector<int64_t>& indices,
                  const std::function<void(size_t position, const Tensor& frame)>& work) const;

 private:
  std::optional<std::string> key(const std::string& what) const;
  void keep(CacheKind kind, const std::string& what, const Tensor& value) const;
  const Video& video() const;

  SampleCache* cache_;
  std::filesystem::path path_;
  const FileLimits& limits_;
  std::optional<FileContent> content_;
  mutable std::unique_ptr<const Video> video_;  // once something of it had to be made
};

}  // namespace pdmp::data
