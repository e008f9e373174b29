#include <fmt/format.h>

#include "data/types/types.h"
#include "pdmp/error.h"
#include "pdmp/options.h"

namespace pdmp {

const std::vector<ModalityTypeInfo>& modality_type_table() {
  static const std::vector<ModalityTypeInfo> table = {
      {"image", "an image file -> (C, height, width)", make_image_type},
      {"frames", "a video, a folder or a ';' list of pictures -> (3, T, height, width)", make_frames_type},
      {"flow", "pairs of grey pictures, horizontal and vertical motion -> (2, T, height, width)", make_flow_type},
      {"audio", "a recording -> spectrogram of a profile (1, F, T)", make_audio_type},
      {"tensor", "a .npy file of fixed shape", make_tensor_type},
      {"vector", "numbers in the metadata itself -> (D)", make_vector_type},
      {"text", "UTF-8 text in the metadata itself -> (max_bytes) of bytes + 1", make_text_type},
  };
  return table;
}

std::unique_ptr<ModalityType> make_modality_type(const ModalityEntry& entry) {
  std::vector<std::string> names;
  for (const ModalityTypeInfo& info : modality_type_table()) {
    if (entry.type == info.name) return info.make(entry);
    names.emplace_back(info.name);
  }
  throw Error(ErrorKind::data,
              fmt::format("modality '{}': unknown type '{}'{}", entry.name, entry.type, suggestion(entry.type, names)));
}

void check_modality(const ModalityEntry& entry) { make_modality_type(entry); }

}  // namespace pdmp
