// Puts the files of a folder together to samples by their names.
#include "data/importers/shared/unlabeled_folder.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>

#include "data/importers/shared/folder_tree.h"
#include "data/importers/shared/media_kind.h"
#include "data/tables/file_list.h"
#include "data/types/cell_paths.h"
#include "pdmp/error.h"

namespace pdmp::data {
namespace {

namespace fs = std::filesystem;

using Files = std::map<std::string, std::vector<std::string>, decltype(&natural_less)>;  // id -> per modality

constexpr const char* kClip = "clip";  // a folder of pictures, which has no sound

// Whether a modality of `type` is made of media of this kind. The sound of a video comes after recordings.
bool is_of(const std::string& type, const std::string& medium) {
  return type == medium || (type == "frames" && medium == kClip);
}
bool has_sound_for(const std::string& type, const std::string& medium) { return type == "audio" && medium == "frames"; }

class Collector {
 public:
  Collector(fs::path root, const std::vector<ModalityEntry>& entries) : root_(std::move(root)), entries_(entries) {}

  void collect(const FolderTree& tree) {
    bool named = false;
    for (const FolderTree& folder : tree.folders) {
      const auto entry = std::find_if(entries_.begin(), entries_.end(),
                                      [&](const ModalityEntry& known) { return known.name == folder.name; });
      if (entry == entries_.end()) continue;
      named = true;
      go_into(folder, "", {static_cast<size_t>(entry - entries_.begin())});
    }
    if (named) return;
    std::vector<size_t> all(entries_.size());
    for (size_t m = 0; m < all.size(); ++m) all[m] = m;
    go_into(tree, "", all);
  }

  // The sound of videos whose sample has no recording.
  void add_sound() {
    for (const auto& [id, modality, path] : sounds_) {
      std::string& cell = files_of(id)[modality];
      if (cell.empty()) cell = path;
    }
  }

  Files files{&natural_less};
  std::vector<std::string> left_out;

 private:
  struct Sound {
    std::string id;
    size_t modality;
    std::string path;
  };

  std::vector<std::string>& files_of(const std::string& id) {
    std::vector<std::string>& found = files[id];
    found.resize(entries_.size());
    return found;
  }

  void go_into(const FolderTree& tree, const std::string& before, const std::vector<size_t>& candidates) {
    for (const fs::path& file : tree.files) {
      add(file, before + file.stem().string(), media_type_of_name(file), candidates);
    }
    for (const FolderTree& folder : tree.folders) {
      if (folder.direct_images() > 0 && takes_clips(candidates)) {
        add(folder.path, before + folder.name, kClip, candidates);
      } else {
        go_into(folder, before + folder.name + "/", candidates);
      }
    }
  }

  // Where pictures are samples of their own, a folder of them is no clip.
  bool takes_clips(const std::vector<size_t>& candidates) const {
    const auto any = [&](const char* type) {
      return std::any_of(candidates.begin(), candidates.end(), [&](size_t m) { return entries_[m].type == type; });
    };
    return any("frames") && !any("image");
  }

  void add(const fs::path& path, const std::string& id, const std::string& medium,
           const std::vector<size_t>& candidates) {
    const std::string cell = path.lexically_relative(root_).string();
    const size_t known = left_out.size();
    bool taken = false;
    for (const size_t m : candidates) {
      if (has_sound_for(entries_[m].type, medium)) {
        sounds_.push_back({id, m, cell});
        taken = true;
      } else if (is_of(entries_[m].type, medium)) {
        expect_one(path, medium, m, candidates);
        taken = true;
        std::string& place = files_of(id)[m];
        if (!place.empty()) left_out.push_back(cell + ": another file has this name");
        if (place.empty()) place = cell;
      }
    }
    if (!taken && known == left_out.size()) left_out.push_back(cell + ": no modality of the model is of this kind");
  }

  void expect_one(const fs::path& path, const std::string& medium, size_t m,
                  const std::vector<size_t>& candidates) const {
    for (const size_t other : candidates) {
      if (other == m || !is_of(entries_[other].type, medium)) continue;
      throw Error(
          ErrorKind::data,
          fmt::format("'{}': expected media of '{}' and '{}', which are both {}, in folders of these names, found "
                      "a file beside the others; move them",
                      path.string(), entries_[m].name, entries_[other].name, medium));
    }
  }

  fs::path root_;
  const std::vector<ModalityEntry>& entries_;
  std::vector<Sound> sounds_;
};

}  // namespace

UnlabeledFolder::UnlabeledFolder(const fs::path& folder, const std::vector<ModalityEntry>& entries)
    : folder_(folder), entries_(entries) {
  const FolderTree tree = read_folder_tree(folder);
  Collector collector(folder, entries_);
  collector.collect(tree);
  collector.add_sound();
  for (auto& [id, files] : collector.files) samples_.push_back({id, std::move(files)});
  left_out_ = std::move(collector.left_out);
  if (!samples_.empty()) return;
  std::vector<std::string> wanted;
  for (const ModalityEntry& entry : entries_) wanted.push_back(fmt::format("{} ({})", entry.name, entry.type));
  throw Error(ErrorKind::data, fmt::format("{}: expected media of {}, found none; numbers (vector) stand in a CSV file",
                                           folder.string(), fmt::join(wanted, ", ")));
}

UnlabeledRow UnlabeledFolder::at(size_t i) const {
  const Sample& sample = samples_.at(i);
  UnlabeledRow row;
  row.id = sample.id;
  row.cells = sample.files;
  try {
    for (size_t m = 0; m < entries_.size(); ++m) {
      std::string& cell = row.cells[m];
      if (cell.empty()) continue;
      if (entries_[m].type == "text") {
        cell = text_cell(folder_ / cell, folder_);
      } else if (cell_files(entries_[m].type) == CellFiles::several) {
        cell = escaped_file(cell);
      }
    }
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    row.problem = error.what();
  }
  return row;
}

}  // namespace pdmp::data
