// Which modality type a medium of unknown origin is for, and what dataset.json says about it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "data/importers/shared/imported_set.h"

namespace pdmp::data {

// By the name: "image", "audio", "frames" (a video), "tensor" (.npy, .npz) or "text" (.txt); a folder is "frames". "" =
// nothing pdmp reads.
std::string media_type(const std::filesystem::path& path);
std::string media_type_of_name(const std::filesystem::path& name);  // never a folder

// Types of modalities as their first media tell them.
class ModalityTypes {
 public:
  // Error{data} naming `where` where modality `name` had media of another type before.
  void add(const std::string& name, const std::string& type, const std::string& where);
  const std::map<std::string, std::string>& all() const { return types_; }  // by name, sorted

 private:
  std::map<std::string, std::string> types_, first_;
};

// Entry of dataset.json with the usual settings of its type; `root` "" = the folder of the data set.
nlohmann::json media_entry(const std::string& name, const std::string& type, const std::string& column,
                           const std::string& root);

// Text as a cell of the metadata: one line. Error{data} where the file is no regular one, or its links lead out of
// `root` (a list in the download may name any path).
std::string text_cell(const std::filesystem::path& file, const std::filesystem::path& root);

// The numbering of labels that came without a list. Whole numbers of which at least half of 0 ... the largest occur, 0
// among them, are their own; others are names, such as years, in their order. Names are sorted by bytes.
std::vector<std::string> number_classes(const std::vector<ImportedRow>& rows);

}  // namespace pdmp::data
