// Media sorted into folders by split, modality and class, as for torchvision's ImageFolder.
#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <set>

#include "data/importers/clip_set.h"
#include "data/importers/imported_set.h"
#include "data/importers/importers.h"
#include "data/importers/media_kind.h"
#include "data/metadata.h"
#include "pdmp/error.h"

namespace pdmp {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> folders_in(const fs::path& folder) {
  std::vector<fs::path> folders = sorted_entries(folder);
  std::erase_if(folders, [](const fs::path& entry) { return !fs::is_directory(entry); });
  return folders;
}

bool has_split(const std::vector<fs::path>& folders) {
  return std::any_of(folders.begin(), folders.end(),
                     [](const fs::path& folder) { return canonical_split(folder.filename().string()).has_value(); });
}

// Media of one modality and split, in a folder a class. modality "": named by its type.
struct Tree {
  std::string split, modality;
  fs::path folder;
};

// RAW/<split>/<class>/<file>: no folder of a class holds folders.
bool is_single(const std::vector<fs::path>& splits) {
  for (const fs::path& split : splits) {
    for (const fs::path& folder : folders_in(split)) {
      if (!folders_in(folder).empty()) return false;
    }
  }
  return true;
}

void add_tree(std::vector<Tree>& trees, const fs::path& split, const std::string& modality, const fs::path& folder,
              ImportedSet& set) {
  if (const auto name = canonical_split(split.filename().string())) {
    trees.push_back({*name, modality, folder});
  } else {
    set.missing.push_back(split.string() + ": is no split (train, val, test), so it is left out");
  }
}

std::vector<Tree> find_trees(const fs::path& raw, ImportedSet& set) {
  std::vector<Tree> trees;
  const std::vector<fs::path> top = folders_in(raw);
  if (has_split(top)) {
    const bool single = is_single(top);
    for (const fs::path& split : top) {
      if (single) add_tree(trees, split, "", split, set);
      if (single) continue;
      for (const fs::path& modality : folders_in(split)) {
        add_tree(trees, split, modality.filename().string(), modality, set);
      }
    }
  } else {
    for (const fs::path& modality : top) {
      for (const fs::path& split : folders_in(modality)) {
        add_tree(trees, split, modality.filename().string(), split, set);
      }
    }
  }
  if (!trees.empty()) return trees;
  throw Error(ErrorKind::io, fmt::format("{}: expected folders SPLIT/MODALITY/CLASS, MODALITY/SPLIT/CLASS or "
                                         "SPLIT/CLASS with splits train, val and test, found none of them",
                                         raw.string()));
}

// (split, class, stem) -> modality -> medium
using Samples = std::map<std::array<std::string, 3>, std::map<std::string, fs::path>>;

class FoldersImporter : public Importer {
 public:
  void describe(OptionList& list) override {
    list.add("overwrite", &overwrite_, "Replace a data set made with other settings.");
  }

  void run(const fs::path& raw, const fs::path& out) override {
    const fs::path root = open_download(raw);
    const ImporterOutput output(out, {{"importer", "folders"}, {"raw", root.string()}}, overwrite_);
    if (output.is_done_already()) return;
    ImportedSet set;
    set.name = root.filename().string();
    ModalityTypes types;
    Samples samples;
    for (const Tree& tree : find_trees(root, set)) add_media(samples, types, tree, set, root);
    for (const auto& [name, type] : types.all()) {
      set.columns.push_back(type == "text" ? name : name + "_file_name");
      set.modalities.push_back(media_entry(name, type, set.columns.back(), root.string()));
    }
    std::set<std::string> classes;
    for (const auto& [key, media] : samples) {
      const auto& [split, label, stem] = key;
      classes.insert(label);
      ImportedRow row{fmt::format("{}/{}/{}", split, label, stem), split, label, "", {}};
      for (const auto& [name, type] : types.all()) row.cells.push_back(cell(media, name, type, root));
      set.rows.push_back(std::move(row));
    }
    set.classes.assign(classes.begin(), classes.end());
    write_imported(set, output);
  }

 private:
  static std::string cell(const std::map<std::string, fs::path>& media, const std::string& name,
                          const std::string& type, const fs::path& root) {
    const auto found = media.find(name);
    if (found == media.end()) return "";
    return type == "text" ? text_cell(found->second, root) : cell_below(root, found->second);
  }

  static void add_media(Samples& samples, ModalityTypes& types, const Tree& tree, ImportedSet& set,
                        const fs::path& root) {
    for (const fs::path& label : folders_in(tree.folder)) {
      for (const fs::path& file : sorted_entries(label)) {
        const std::string type = media_type(file);
        std::string problem = fs::is_directory(file) ? "" : medium_problem(file);
        if (problem.empty()) problem = place_problem(file, root);
        if (type.empty() || !problem.empty() || file.string().find(';') != std::string::npos) {
          set.missing.push_back(fmt::format("{}: {}", file.string(),
                                            !problem.empty() ? problem
                                            : type.empty()   ? "is no medium that is read"
                                                             : "has a ';' in its name"));
          continue;
        }
        const std::string modality = tree.modality.empty() ? type : tree.modality;
        types.add(modality, type, file.string());
        const std::string stem = fs::is_directory(file) ? file.filename().string() : file.stem().string();
        auto& media = samples[{tree.split, label.filename().string(), stem}];
        if (!media.emplace(modality, file).second) {
          set.missing.push_back(file.string() + ": another file has this name, so it is left out");
        }
      }
    }
  }

  bool overwrite_ = false;
};

}  // namespace

std::unique_ptr<Importer> make_folders_importer() { return std::make_unique<FoldersImporter>(); }

}  // namespace pdmp
