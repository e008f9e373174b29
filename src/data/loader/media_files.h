// The files behind the cells of a manifest.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "data/manifest/manifest.h"
#include "data/types/modality_type.h"

namespace pdmp::data {

// The cell of modality `m` (its position in the manifest) in one row.
Cell cell_of(const Manifest& manifest, const ManifestRow& row, size_t m);

// For messages: "metadata.csv:12, sample 'cat1'". What a cell holds may be a long text, and says nothing of where it
// is.
std::string sample_place(const ManifestRow& row);

// Why `type` cannot load a cell, or loads another shape than this one (empty: any); "" where it can.
std::string load_problem(const ModalityType& type, const Cell& cell, const std::vector<int64_t>& shape,
                         RandomStream* augment);

// Shape of modality `m` as `type` reads it from the first cell that tells; empty where none does.
std::vector<int64_t> first_shape(const Manifest& manifest, size_t m, const ModalityType& type);

// The splits that have rows: train, val, test.
std::vector<std::string> splits_of(const Manifest& manifest);

struct MediaFile {
  std::filesystem::path path;
  int64_t bytes = 0;
  size_t modality = 0;       // position in the manifest; a file that two modalities name is there twice
  std::vector<size_t> rows;  // of the manifest, ascending: who uses it
};

struct MissingFile {
  std::filesystem::path path;
  size_t modality = 0, row = 0;
};

struct MediaFiles {
  std::vector<MediaFile> files;      // by modality, then in the order of the rows
  std::vector<MissingFile> missing;  // the first one of each cell that lacks some
};

// Cells that name a folder stand for all files in it, hidden ones left out. Opens no file. Error{io} where a folder
// cannot be read.
MediaFiles find_media_files(const Manifest& manifest);

}  // namespace pdmp::data
