// Detects the layout of a user's folders from the whole tree, so that one misplaced folder does not change it.
#include "data/importers/own/folder_layout.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <set>

#include "base/text/value_text.h"
#include "data/importers/shared/media_kind.h"
#include "data/manifest/metadata.h"
#include "pdmp/error.h"

namespace pdmp::data {
namespace {

namespace fs = std::filesystem;
using Folders = std::vector<const FolderTree*>;

constexpr FolderLayout kLayouts[] = {FolderLayout::split_class, FolderLayout::split_modality_class,
                                     FolderLayout::modality_split_class};

Folders with_media(const std::vector<FolderTree>& folders) {
  Folders found;
  for (const FolderTree& folder : folders) {
    if (folder.has_media()) found.push_back(&folder);
  }
  return found;
}

bool is_split(const FolderTree& folder) { return canonical_split(folder.name).has_value(); }

Folders splits_in(const FolderTree& tree) {
  Folders splits = with_media(tree.folders);
  std::erase_if(splits, [](const FolderTree* folder) { return !is_split(*folder); });
  return splits;
}

// "Clip_01" -> "clip".
std::string without_number(const std::string& name) {
  const size_t end = name.find_last_not_of("0123456789");
  const std::string stem = lower_case(name.substr(0, end == std::string::npos ? 0 : end + 1));
  return stem.substr(0, stem.find_last_not_of("_- .") + 1);
}

bool ends_in_digit(const std::string& name) { return !name.empty() && name.back() >= '0' && name.back() <= '9'; }

bool names_a_medium(const std::string& name) {
  static const std::set<std::string> words = {
      "audio",  "caption", "captions", "color",  "colour",  "depth",    "flow",   "frame",  "frames", "gray",
      "grey",   "image",   "images",   "img",    "imgs",    "infrared", "ir",     "mask",   "masks",  "modality",
      "nir",    "optical", "photo",    "photos", "picture", "pictures", "radar",  "rgb",    "sar",    "sound",
      "sounds", "speech",  "text",     "texts",  "thermal", "video",    "videos", "visual", "voice",  "xray",
      "sketch", "lidar",   "ct",       "mri",    "pet",     "flair"};
  return words.contains(lower_case(name)) || words.contains(without_number(name));
}

bool names_a_view(const std::string& name) {
  static const std::set<std::string> words = {"back", "body", "bottom", "cam",   "camera", "channel", "face", "front",
                                              "left", "mod",  "rear",   "right", "sensor", "side",    "top",  "view"};
  return words.contains(without_number(name));
}

// "clip_a", "Scene 12", "v_07".
bool names_a_clip(const std::string& name) {
  static const std::vector<std::string> beginnings = {"clip", "frames", "recording", "sample", "scene", "segment",
                                                      "seq",  "shot",   "subject",   "take",   "track", "vid"};
  static const std::set<std::string> letters = {"c", "id", "img", "p", "rec", "s", "v"};
  const std::string lower = lower_case(name);
  const auto begins = [&](const std::string& word) { return lower.starts_with(word); };
  return std::any_of(beginnings.begin(), beginnings.end(), begins) ||
         (ends_in_digit(name) && letters.contains(without_number(name)));
}

template <class Test>
bool most(const std::set<std::string>& names, const Test& test) {
  return 2 * static_cast<size_t>(std::count_if(names.begin(), names.end(), test)) > names.size();
}

template <class Test>
bool all(const std::set<std::string>& names, const Test& test) {
  return std::all_of(names.begin(), names.end(), test);
}

// Of SPLIT/OUTER/INNER/file: what the names and files say of which of OUTER and INNER are classes.
class Names {
 public:
  explicit Names(const Folders& splits) {
    for (const FolderTree* split : splits) {
      for (const FolderTree* outer : with_media(split->folders)) {
        ++groups_;
        outer_.insert(outer->name);
        for (const FolderTree* inner : with_media(outer->folders)) add(*split, *outer, *inner);
      }
    }
  }

  // Whether INNER is the class and OUTER the modality. `doubt`: whether names alone decided it.
  bool inner_is_class(bool& doubt) const {
    doubt = false;
    if (outer_.size() == 1) return true;
    if (!images_alone_) return types_.size() > 1 || are_shared();
    if (inner_.size() == 1) return false;
    if (all(outer_, names_a_medium)) return true;
    if (!are_shared() || !are_paired()) return false;
    doubt = true;
    std::set<std::string> names;
    for (const auto& [name, count] : inner_) names.insert(name);
    if (most(names, names_a_clip)) return false;
    if (all(outer_, [](const std::string& name) { return names_a_medium(name) || names_a_view(name); })) return true;
    return !most(names, [](const std::string& name) { return ends_in_digit(name) || name.size() == 1; });
  }

 private:
  void add(const FolderTree& split, const FolderTree& outer, const FolderTree& inner) {
    ++inner_[inner.name];
    std::set<std::string> types;
    // Folders of recordings or texts are no clips.
    images_alone_ = images_alone_ && 2 * inner.direct_images() >= inner.direct_media();
    for (const fs::path& file : inner.files) {
      const std::string type = media_type_of_name(file);
      if (type.empty()) continue;
      types.insert(type);
      media_[{split.name, inner.name, file.stem().string()}].insert(outer.name);
    }
    types_.insert(std::move(types));
  }

  // Classes are the same in every modality and split; clips seldom are.
  bool are_shared() const {
    size_t sum = 0;
    for (const auto& [name, count] : inner_) sum += count;
    return 4 * sum >= 3 * inner_.size() * groups_;
  }

  // A sample has media of several modalities.
  bool are_paired() const {
    const auto paired =
        std::count_if(media_.begin(), media_.end(), [](const auto& item) { return item.second.size() > 1; });
    return 2 * static_cast<size_t>(paired) >= media_.size();
  }

  std::set<std::string> outer_;
  std::map<std::string, size_t> inner_;  // name -> in how many of the groups
  size_t groups_ = 0;                    // folders OUTER of all splits
  bool images_alone_ = true;
  std::set<std::set<std::string>> types_;                              // of media, as different folders INNER have them
  std::map<std::array<std::string, 3>, std::set<std::string>> media_;  // split, inner, stem -> outer
};

// Most folders below the splits hold media themselves: they are classes.
bool media_lie_below_splits(const Folders& splits) {
  size_t direct = 0, folders = 0;
  for (const FolderTree* split : splits) {
    for (const FolderTree* outer : with_media(split->folders)) {
      ++folders;
      if (outer->direct_media() > 0 && static_cast<size_t>(outer->direct_media()) >= with_media(outer->folders).size())
        ++direct;
    }
  }
  return 2 * direct >= folders;
}

// In some modality, media lie in folders of the folders of classes: clips.
bool has_clips_in_classes(const Folders& splits) {
  std::map<std::string, std::pair<size_t, size_t>> counts;  // outer -> inner folders with media in folders, all
  for (const FolderTree* split : splits) {
    for (const FolderTree* outer : with_media(split->folders)) {
      for (const FolderTree* inner : with_media(outer->folders)) {
        auto& [deep, inners] = counts[outer->name];
        ++inners;
        if (inner->direct_media() == 0) ++deep;
      }
    }
  }
  return std::any_of(counts.begin(), counts.end(),
                     [](const auto& item) { return 2 * item.second.first > item.second.second; });
}

FolderLayout layout_of_splits(const Folders& splits, std::string& doubt) {
  if (media_lie_below_splits(splits)) return FolderLayout::split_class;
  if (has_clips_in_classes(splits)) return FolderLayout::split_modality_class;
  bool by_names = false;
  const bool modalities = Names(splits).inner_is_class(by_names);
  const FolderLayout found = modalities ? FolderLayout::split_modality_class : FolderLayout::split_class;
  if (by_names) doubt = name_of(modalities ? FolderLayout::split_class : FolderLayout::split_modality_class);
  return found;
}

// Puts the folders of a tree into their places.
class Reader {
 public:
  explicit Reader(FolderReading& reading) : reading_(reading) {}

  void read_splits(const FolderTree& tree) {
    for (const FolderTree& split : tree.folders) {
      const auto name = canonical_split(split.name);
      if (!name) {
        leave_out(split);
      } else if (reading_.layout == FolderLayout::split_class) {
        read_classes(split, *name, "");
      } else {
        leave_out_files(split);
        for (const FolderTree& modality : split.folders) read_classes(modality, *name, modality.name);
      }
    }
  }

  void read_modalities(const FolderTree& tree) {
    for (const FolderTree& modality : tree.folders) {
      leave_out_files(modality);
      for (const FolderTree& split : modality.folders) {
        if (const auto name = canonical_split(split.name)) {
          read_classes(split, *name, modality.name);
        } else {
          leave_out(split);
        }
      }
    }
  }

 private:
  void read_classes(const FolderTree& tree, const std::string& split, const std::string& modality) {
    leave_out_files(tree);
    for (const FolderTree& label : tree.folders) {
      if (label.has_media() || !label.files.empty()) reading_.classes.push_back({split, modality, label.name, &label});
    }
  }

  void leave_out(const FolderTree& folder) {
    if (folder.has_media()) reading_.left_out.push_back({folder.path, folder.count_files()});
  }

  void leave_out_files(const FolderTree& folder) {
    for (const fs::path& file : folder.files) {
      if (!media_type_of_name(file).empty()) reading_.left_out.push_back({file, 1});
    }
  }

  FolderReading& reading_;
};

// A folder around the splits, as archives have it: "mydata/train/picture/cat".
const FolderTree* folder_around_splits(const FolderTree& tree) {
  const Folders folders = with_media(tree.folders);
  return folders.size() == 1 && !splits_in(*folders.front()).empty() ? folders.front() : nullptr;
}

}  // namespace

const char* name_of(FolderLayout layout) {
  if (layout == FolderLayout::split_class) return "SPLIT/CLASS";
  return layout == FolderLayout::split_modality_class ? "SPLIT/MODALITY/CLASS" : "MODALITY/SPLIT/CLASS";
}

std::vector<std::string> layout_names() {
  std::vector<std::string> names;
  for (const FolderLayout layout : kLayouts) names.emplace_back(name_of(layout));
  return names;
}

FolderReading read_layout(const FolderTree& tree, const std::string& layout) {
  FolderReading reading;
  const FolderTree* base = &tree;
  if (layout != "auto") {
    reading.layout = *std::find_if(std::begin(kLayouts), std::end(kLayouts),
                                   [&](FolderLayout known) { return layout == name_of(known); });
  } else if (const Folders splits = splits_in(tree); !splits.empty()) {
    reading.layout = layout_of_splits(splits, reading.doubt);
  } else {
    reading.layout = FolderLayout::modality_split_class;
    const FolderTree* around = folder_around_splits(tree);
    std::string doubt;
    if (around != nullptr && layout_of_splits(splits_in(*around), doubt) == FolderLayout::split_modality_class) {
      reading.layout = FolderLayout::split_modality_class;
    }
  }
  const bool by_split = reading.layout != FolderLayout::modality_split_class;
  if (const FolderTree* around = folder_around_splits(tree); by_split && splits_in(tree).empty() && around != nullptr) {
    base = around;
  }
  Reader reader(reading);
  by_split ? reader.read_splits(*base) : reader.read_modalities(*base);
  if (!reading.classes.empty()) return reading;
  throw Error(
      ErrorKind::io,
      fmt::format("{}: expected folders {} with splits train, val and test, found none of them", tree.path.string(),
                  layout == "auto" ? fmt::format("{}", fmt::join(layout_names(), ", ")) : layout));
}

}  // namespace pdmp::data
