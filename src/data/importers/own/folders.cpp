// Media sorted into folders by split, modality and class, as for torchvision's ImageFolder.
#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <set>

#include "base/log.h"
#include "base/text/value_text.h"
#include "data/importers/own/folder_layout.h"
#include "data/importers/shared/clip_set.h"
#include "data/importers/shared/imported_set.h"
#include "data/importers/shared/importers.h"
#include "data/importers/shared/media_kind.h"
#include "pdmp/error.h"

namespace pdmp::data {
namespace {

namespace fs = std::filesystem;

// (split, class, stem) -> modality -> medium
using Samples = std::map<std::array<std::string, 3>, std::map<std::string, fs::path>>;

// What the pictures of a modality are: samples themselves, or frames in a folder that is a sample.
struct PictureKind {
  bool files = true, folders = true;
};

// Of each modality, by what most of its pictures are: a folder of pictures among pictures is out of place, and the
// other way around. Where they go in pairs, a picture and a clip of one sample, both are read.
class PictureKinds {
 public:
  explicit PictureKinds(const std::vector<ClassFolder>& classes) {
    for (const ClassFolder& label : classes) count(counts_[label.modality], *label.folder);
  }

  PictureKind of(const std::string& modality) const {
    const Count& count = counts_.at(modality);
    if (modality.empty() && 2 * count.pairs > count.folders) return {true, true};
    return {count.files >= count.folders || count.folders == 0, count.folders > count.files};
  }

 private:
  struct Count {
    int64_t files = 0, folders = 0, pairs = 0;
  };

  static void count(Count& count, const FolderTree& label) {
    std::set<std::string> stems;
    for (const fs::path& file : label.files) {
      if (media_type_of_name(file) != "image") continue;
      ++count.files;
      stems.insert(file.stem().string());
    }
    for (const FolderTree& folder : label.folders) {
      if (folder.direct_images() == 0) continue;
      ++count.folders;
      count.pairs += stems.contains(folder.name) ? 1 : 0;
    }
  }

  std::map<std::string, Count> counts_;
};

std::string files_text(const fs::path& root, const LeftOut& left_out) {
  return fmt::format("{} ({} file{})", cell_below(root, left_out.path), left_out.files, left_out.files == 1 ? "" : "s");
}

class FoldersImporter : public Importer {
 public:
  void describe(OptionList& list) override {
    list.add(
        "layout", &layout_,
        fmt::format("What the folders are: {}; auto: what most of the tree fits.", fmt::join(layout_names(), ", ")));
    list.add("overwrite", &overwrite_, "Replace a data set made with other settings.");
  }

  void run(const fs::path& raw, const fs::path& out) override {
    const std::string layout = checked_layout();
    const fs::path root = open_download(raw);
    const ImporterOutput output(out, {{"importer", "folders"}, {"raw", root.string()}, {"layout", layout}}, overwrite_);
    if (output.is_done_already()) return;
    ImportedSet set;
    set.name = root.filename().string();
    const FolderTree tree = read_folder_tree(root);
    FolderReading reading = read_layout(tree, layout);
    const PictureKinds kinds(reading.classes);
    ModalityTypes types;
    Samples samples;
    for (const ClassFolder& label : reading.classes) {
      add_media(samples, types, label, kinds.of(label.modality), set, reading.left_out, root);
    }
    report(reading, static_cast<int64_t>(samples.size()), set, root);
    add_rows(set, samples, types, root);
    write_imported(std::move(set), output);
  }

 private:
  // In capitals, as messages name them.
  std::string checked_layout() const {
    if (lower_case(layout_) == "auto") return "auto";
    for (const std::string& name : layout_names()) {
      if (lower_case(name) == lower_case(layout_)) return name;
    }
    throw Error(ErrorKind::usage,
                fmt::format("`layout`: expected auto, {}, found '{}'", fmt::join(layout_names(), ", "), layout_));
  }

  static void add_media(Samples& samples, ModalityTypes& types, const ClassFolder& label, const PictureKind& kind,
                        ImportedSet& set, std::vector<LeftOut>& left_out, const fs::path& root) {
    LeftOut pictures{label.folder->path / "*", 0};
    for (const fs::path& file : label.folder->files) {
      const std::string type = media_type_of_name(file);
      if (type == "image" && !kind.files) {
        ++pictures.files;
      } else {
        add_medium(samples, types, label, file, type, set, root);
      }
    }
    if (pictures.files > 0) left_out.push_back(std::move(pictures));
    for (const FolderTree& folder : label.folder->folders) {
      if (kind.folders && folder.direct_images() > 0) {
        add_medium(samples, types, label, folder.path, "frames", set, root);
      } else {
        left_out.push_back({folder.path, folder.count_files()});
      }
    }
  }

  static void add_medium(Samples& samples, ModalityTypes& types, const ClassFolder& label, const fs::path& path,
                         const std::string& type, ImportedSet& set, const fs::path& root) {
    const bool folder = fs::is_directory(path);
    std::string problem = folder ? "" : medium_problem(path);
    if (problem.empty()) problem = place_problem(path, root);
    if (problem.empty() && type.empty()) problem = "is no medium that is read";
    if (!problem.empty()) {
      set.missing.push_back(fmt::format("{}: {}", path.string(), problem));
      return;
    }
    const std::string modality = label.modality.empty() ? type : label.modality;
    types.add(modality, type, path.string());
    const std::string stem = folder ? path.filename().string() : path.stem().string();
    if (!samples[{label.split, label.label, stem}].emplace(modality, path).second) {
      set.missing.push_back(path.string() + ": another file has this name, so it is left out");
    }
  }

  static void report(const FolderReading& reading, int64_t samples, ImportedSet& set, const fs::path& root) {
    constexpr size_t kNamed = 5;
    for (const LeftOut& left_out : reading.left_out) set.left_out.push_back(files_text(root, left_out));
    std::string text =
        fmt::format("read as {}: {} sample{}", name_of(reading.layout), samples, samples == 1 ? "" : "s");
    if (!set.left_out.empty()) {
      const auto end = set.left_out.begin() + static_cast<std::ptrdiff_t>(std::min(kNamed, set.left_out.size()));
      text += fmt::format("; left out: {}", fmt::join(set.left_out.begin(), end, ", "));
    }
    if (set.left_out.size() > kNamed) {
      text += fmt::format(" and {} more (all are named in counts.json)", set.left_out.size() - kNamed);
    }
    log_info(text);
    if (reading.doubt.empty()) return;
    log_warning(
        fmt::format("the folders fit {} nearly as well as {}, which was chosen by their names; `layout` says "
                    "which it is",
                    reading.doubt, name_of(reading.layout)));
  }

  static void add_rows(ImportedSet& set, const Samples& samples, const ModalityTypes& types, const fs::path& root) {
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
  }

  static std::string cell(const std::map<std::string, fs::path>& media, const std::string& name,
                          const std::string& type, const fs::path& root) {
    const auto found = media.find(name);
    if (found == media.end()) return "";
    return type == "text" ? text_cell(found->second, root) : file_cell(root, found->second);
  }

  std::string layout_ = "auto";
  bool overwrite_ = false;
};

}  // namespace

std::unique_ptr<Importer> make_folders_importer() { return std::make_unique<FoldersImporter>(); }

}  // namespace pdmp::data
