// Which folders of a download are splits, modalities and classes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "data/importers/shared/folder_tree.h"

namespace pdmp::data {

enum class FolderLayout { split_class, split_modality_class, modality_split_class };

const char* name_of(FolderLayout layout);  // "SPLIT/CLASS"
std::vector<std::string> layout_names();

// The files and folders of one class, of one split and modality ("": named by the types of its media).
struct ClassFolder {
  std::string split, modality, label;
  const FolderTree* folder = nullptr;
};

struct LeftOut {
  std::filesystem::path path;
  int64_t files = 0;
};

struct FolderReading {
  FolderLayout layout = FolderLayout::split_class;
  std::string doubt;  // the layout that fits nearly as well; "" where there is none
  std::vector<ClassFolder> classes;
  std::vector<LeftOut> left_out;
};

// `layout`: one of layout_names(), or "auto", which takes the one that most of the tree fits. Error{io} where the tree
// has no folders of it. `tree` must outlive the result.
FolderReading read_layout(const FolderTree& tree, const std::string& layout);

}  // namespace pdmp::data
