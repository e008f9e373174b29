// Reads the folders of a download, without what operating systems and archivers leave in them.
#include "data/importers/shared/folder_tree.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <system_error>

#include "base/signal.h"
#include "base/text/value_text.h"
#include "data/importers/shared/imported_set.h"
#include "data/importers/shared/media_kind.h"
#include "pdmp/error.h"

namespace pdmp::data {
namespace {

namespace fs = std::filesystem;

// Links may make more of a tree than is on the disk.
class TreeReader {
 public:
  FolderTree read(const fs::path& folder, int depth) {
    FolderTree tree{folder, folder.filename().string(), {}, {}};
    for (const fs::path& entry : sorted_entries(folder)) {
      std::error_code ignored;
      if (is_leftover(entry)) continue;
      count();
      if (!fs::is_directory(entry, ignored)) {
        tree.files.push_back(entry);
      } else if (depth < kDeepest) {
        tree.folders.push_back(read(entry, depth + 1));
      }
    }
    return tree;
  }

 private:
  static constexpr int kDeepest = 6;  // MODALITY/SPLIT/CLASS/CLIP in a folder around them, and one below
  static constexpr int64_t kMost = 50'000'000;

  void count() {
    stop_if_interrupted("stopped; nothing was written");
    if (++entries_ <= kMost) return;
    throw Error(ErrorKind::data, fmt::format("expected at most {} files in the download, found more; do links in it "
                                             "lead back into it?",
                                             kMost));
  }

  int64_t entries_ = 0;
};

int64_t count_types(const FolderTree& tree, bool images_alone) {
  return std::count_if(tree.files.begin(), tree.files.end(), [&](const fs::path& file) {
    const std::string type = media_type_of_name(file);
    return images_alone ? type == "image" : !type.empty();
  });
}

}  // namespace

int64_t FolderTree::direct_media() const { return count_types(*this, false); }

int64_t FolderTree::direct_images() const { return count_types(*this, true); }

bool FolderTree::has_media() const {
  return direct_media() > 0 ||
         std::any_of(folders.begin(), folders.end(), [](const FolderTree& folder) { return folder.has_media(); });
}

int64_t FolderTree::count_files() const {
  auto count = static_cast<int64_t>(files.size());
  for (const FolderTree& folder : folders) count += folder.count_files();
  return count;
}

FolderTree read_folder_tree(const fs::path& folder) { return TreeReader().read(folder, 0); }

bool is_leftover(const fs::path& name) {
  static const std::set<std::string> leftovers = {"__macosx", "thumbs.db",  "ehthumbs.db",  "desktop.ini",
                                                  "@eadir",   "lost+found", "$recycle.bin", "system volume information",
                                                  "icon\r"};
  const std::string last = name.filename().string();
  return last.starts_with('.') || leftovers.contains(lower_case(last));
}

}  // namespace pdmp::data
