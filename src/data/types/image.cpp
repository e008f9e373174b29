// An image file -> (C, height, width).
#include "data/types/cell_paths.h"
#include "data/types/picture.h"
#include "data/types/types.h"
#include "pdmp/tensor.h"

namespace pdmp::data {
namespace {

class ImageType : public ModalityType {
 public:
  explicit ImageType(const ModalityEntry& entry) {
    Settings source(entry);
    settings_.channels = source.integer("channels", 3, 1, 3);
    if (settings_.channels == 2) source.refuse("channels", "1 (grey) or 3 (colour)");
    use_usual_normalisation(settings_);
    read_picture_settings(source, settings_);
    source.finish();
  }

  std::vector<int64_t> shape(const Cell*) const override {
    return {settings_.channels, settings_.size.height, settings_.size.width};
  }

  Tensor load(const Cell& cell, RandomStream* augment) const override {
    return load_picture(cell, cell_path(cell), settings_, augment);
  }

  bool uses_cache() const override { return true; }

  std::vector<std::filesystem::path> files(const Cell& cell) const override { return {cell_path(cell)}; }

 private:
  PictureSettings settings_;
};

}  // namespace

std::unique_ptr<ModalityType> make_image_type(const ModalityEntry& entry) { return std::make_unique<ImageType>(entry); }

}  // namespace pdmp::data
