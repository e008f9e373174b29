#include <fmt/format.h>

#include "data/types/types.h"
#include "pdmp/error.h"
#include "pdmp/options.h"

namespace pdmp {

const std::vector<ModalityTypeInfo>& modality_type_table() {
  static const std::vector<ModalityTypeInfo> table = {
      {"image", "an image file -> (C, height, width)", CellFiles::one, make_image_type},
      {"frames", "a video, a folder or a ';' list of pictures -> (3, T, height, width)", CellFiles::several,
       make_frames_type},
      {"flow", "pairs of gray images, horizontal and vertical motion -> (2, T, height, width)", CellFiles::several,
       make_flow_type},
      {"audio", "a recording -> spectrogram of a profile (1, F, T)", CellFiles::one, make_audio_type},
      {"tensor", "a .npy file, or .npz with one array, of fixed shape", CellFiles::one, make_tensor_type},
      {"vector", "numbers in the metadata itself -> (D)", CellFiles::none, make_vector_type},
      {"text", "UTF-8 text in the metadata itself -> (max_bytes) of bytes + 1", CellFiles::none, make_text_type},
  };
  return table;
}

namespace {

const ModalityTypeInfo* find_type(const std::string& name) {
  for (const ModalityTypeInfo& info : modality_type_table()) {
    if (name == info.name) return &info;
  }
  return nullptr;
}

}  // namespace

std::unique_ptr<ModalityType> make_modality_type(const ModalityEntry& entry) {
  if (const ModalityTypeInfo* info = find_type(entry.type)) return info->make(entry);
  std::vector<std::string> names;
  for (const ModalityTypeInfo& info : modality_type_table()) names.emplace_back(info.name);
  throw Error(ErrorKind::data,
              fmt::format("modality '{}': unknown type '{}'{}", entry.name, entry.type, suggestion(entry.type, names)));
}

CellFiles cell_files(const std::string& type) {
  const ModalityTypeInfo* info = find_type(type);
  return info == nullptr ? CellFiles::none : info->files;
}

void check_modality(const ModalityEntry& entry) { make_modality_type(entry); }

}  // namespace pdmp
