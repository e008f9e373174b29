#include "base/table.h"

#include <fmt/format.h>

#include "data/types/types.h"
#include "pdmp/error.h"

namespace pdmp::data {
namespace {

const ModalityTypeInfo& row_of(const std::string& type) {
  static const ModalityTypeInfo none = {"", "", CellFiles::none, nullptr};  // of a data set in memory
  const ModalityTypeInfo* row = find_row(modality_type_table(), type);
  return row == nullptr ? none : *row;
}

}  // namespace

namespace {

Registry<ModalityTypeInfo>& rows() {
  static Registry<ModalityTypeInfo> table = {
      {"image", "an image file -> (C, height, width)", CellFiles::one, make_image_type, "resnet18",
       /*integers=*/false, /*pictures=*/true},
      {"frames", "a video, a folder or a ';' list of pictures -> (3, T, height, width)", CellFiles::several,
       make_frames_type, "resnet18", /*integers=*/false, /*pictures=*/true},
      {"flow", "pairs of gray images, horizontal and vertical motion -> (2, T, height, width)", CellFiles::several,
       make_flow_type, "resnet18", /*integers=*/false, /*pictures=*/true},
      {"audio", "a recording -> spectrogram of a profile (1, F, T)", CellFiles::one, make_audio_type, "resnet18"},
      {"tensor", "a .npy file, or .npz with one array, of fixed shape", CellFiles::one, make_tensor_type},
      {"vector", "numbers in the metadata itself -> (D)", CellFiles::none, make_vector_type, "mlp"},
      {"text", "UTF-8 text in the metadata itself -> (max_bytes) of bytes + 1", CellFiles::none, make_text_type,
       "text_cnn",
       /*integers=*/true},
  };
  return table;
}

}  // namespace

const Registry<ModalityTypeInfo>& modality_type_table() { return rows(); }

void register_modality_type(ModalityTypeInfo row) { add_row(rows(), std::move(row), "modality type"); }

std::unique_ptr<ModalityType> make_modality_type(const ModalityEntry& entry) {
  const std::string what = fmt::format("modality '{}': unknown type", entry.name);
  return get_row(modality_type_table(), entry.type, what, ErrorKind::data).make(entry);
}

CellFiles cell_files(const std::string& type) { return row_of(type).files; }

bool holds_integers(const std::string& type) { return row_of(type).integers; }

bool holds_pictures(const std::string& type) { return row_of(type).pictures; }

std::string encoder_of_type(const std::string& type) { return row_of(type).encoder; }

void check_modality(const ModalityEntry& entry) { make_modality_type(entry); }

}  // namespace pdmp::data
