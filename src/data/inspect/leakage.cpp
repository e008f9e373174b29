#include "data/inspect/leakage.h"

#include <map>
#include <set>

#include "data/files/file_content.h"
#include "data/loader/parallel.h"
#include "pdmp/error.h"

namespace pdmp::data {
namespace {

enum Split : size_t { train, val, test, split_count };
constexpr const char* kSplits[] = {"train", "val", "test"};

size_t split_index(const std::string& split) {
  for (size_t s = 0; s < split_count; ++s) {
    if (split == kSplits[s]) return s;
  }
  return test;
}

using SplitSet = std::set<size_t>;

// One file, whichever modalities use it.
struct Content {
  std::string path;
  size_t modality = 0;  // one that uses it
  SplitSet splits;
  std::string hash, problem;
};

// By path, those alone whose size occurs in two splits.
std::vector<Content> candidates(const Manifest& manifest, const std::vector<MediaFile>& files) {
  std::map<std::string, SplitSet> splits;
  std::map<int64_t, SplitSet> by_size;
  std::map<std::string, const MediaFile*> known;
  for (const MediaFile& file : files) {
    if (file.bytes == 0) continue;
    SplitSet& own = splits[file.path.string()];
    for (const size_t row : file.rows) own.insert(split_index(manifest.rows.split(row)));
    by_size[file.bytes].insert(own.begin(), own.end());
    known[file.path.string()] = &file;
  }
  std::vector<Content> result;
  for (const auto& [path, own] : splits) {
    const MediaFile& file = *known[path];
    if (by_size[file.bytes].size() > 1) result.push_back({path, file.modality, own, "", ""});
  }
  return result;
}

void read_hashes(const Manifest& manifest, std::vector<Content>& contents, int64_t workers) {
  if (contents.empty()) return;
  Progress progress("compare", static_cast<int64_t>(contents.size()), "file");
  for_each_parallel(static_cast<int64_t>(contents.size()), workers, progress, [&](int64_t i) {
    Content& content = contents[static_cast<size_t>(i)];
    try {
      content.hash = sha256_of_file(content.path, manifest.limits(content.modality));
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) throw;
      content.problem = error.what();
    }
  });
}

std::string relative(const Manifest& manifest, const std::string& path) {
  const std::filesystem::path below = std::filesystem::path(path).lexically_relative(manifest.directory);
  return below.empty() ? path : below.string();
}

std::vector<SharedContent> shared_contents(const Manifest& manifest, const std::vector<Content>& contents) {
  std::map<std::string, std::map<size_t, std::string>> first;  // hash -> split -> path
  std::vector<std::string> order;
  for (const Content& content : contents) {
    if (content.hash.empty()) continue;
    auto& paths = first[content.hash];
    if (paths.empty()) order.push_back(content.hash);
    for (const size_t split : content.splits) paths.try_emplace(split, content.path);
  }
  std::vector<SharedContent> result;
  for (const std::string& hash : order) {
    const auto& paths = first[hash];
    for (auto one = paths.begin(); one != paths.end(); ++one) {
      for (auto other = std::next(one); other != paths.end(); ++other) {
        result.push_back({kSplits[one->first], relative(manifest, one->second), kSplits[other->first],
                          relative(manifest, other->second)});
      }
    }
  }
  return result;
}

std::vector<SharedGroup> shared_groups(const Manifest& manifest) {
  std::map<std::string, SplitSet> splits;
  for (const ManifestRow& row : manifest.rows) {
    if (!row.group.empty()) splits[row.group].insert(split_index(row.split));
  }
  std::vector<SharedGroup> result;
  for (const auto& [group, own] : splits) {
    if (own.size() < 2) continue;
    result.push_back({group, {}});
    for (const size_t split : own) result.back().splits.emplace_back(kSplits[split]);
  }
  return result;
}

}  // namespace

Leakage find_leakage(const Manifest& manifest, const std::vector<MediaFile>& files, int64_t workers) {
  std::vector<Content> contents = candidates(manifest, files);
  read_hashes(manifest, contents, workers);
  Leakage result{shared_contents(manifest, contents), shared_groups(manifest), {}};
  for (const Content& content : contents) {
    if (!content.problem.empty()) result.unread.push_back(content.problem);
  }
  return result;
}

}  // namespace pdmp::data
