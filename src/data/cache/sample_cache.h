// Decoded media on disk, for the next epoch, the next run and the runs beside this one.
//
// An entry is found by what it was made from: the content of the file, what was made of it with every setting that
// matters, and the version of what made it. So none is ever used after a file or a setting changed, and none is ever
// changed: it is there or not. What cannot be kept is decoded again, and no number depends on it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/progress.h"
#include "data/cache/key_store.h"
#include "data/files/file_content.h"
#include "pdmp/fwd.h"
#include "pdmp/options.h"

namespace pdmp::data {

enum class CacheKind : uint8_t { picture, fitted, spectrogram, wave, video };
constexpr int kCacheKinds = 5;
const char* cache_kind_name(CacheKind kind);  // "decoded pictures", "resized pictures" ...

// --cache-gib, the same wherever a cache can be named, and the bytes it stands for.
void describe_cache_limit(OptionList& list, double* gib);
int64_t cache_limit(double gib);

// Thread-safe. Processes share a folder; a killed one leaves whole entries and all that `on_commit` was told.
class SampleCache {
 public:
  // Makes the folder. Up to `max_bytes` of entries (the file may grow a quarter larger). Where an entry has no room,
  // those used longest ago leave, but only after a day: every epoch asks for everything once, so that throwing out what
  // this epoch or a run beside it uses would gain nothing and lose the rest. `clock`: seconds since 1970. Error{io}.
  SampleCache(const std::filesystem::path& folder, int64_t max_bytes, std::function<int64_t()> clock = {},
              OnDamage on_damage = OnDamage::set_aside);
  ~SampleCache();  // commits
  SampleCache(const SampleCache&) = delete;
  SampleCache& operator=(const SampleCache&) = delete;

  // What the file holds; a file that has not changed since it was last asked for is not read. Nothing where it cannot
  // be told.
  std::optional<FileContent> content(const std::filesystem::path& path, const FileLimits& limits = {});
  // Key of `what` was made from that content.
  static std::string key(const FileContent& content, const std::string& what);

  // Calls `work` with the entry, in place: it must neither keep the tensor nor write to it. False, and no call, where
  // there is none or it is damaged.
  bool use(const std::string& key, const std::function<void(const Tensor&)>& work);
  bool holds(const std::string& key) const;  // as far as can be told without reading it
  // Keeps a copy, soon: entries are committed together, many megabytes or half a second at a time.
  void put(const std::string& key, CacheKind kind, const Tensor& value);
  void commit();
  // Told the keys of each commit, once they are on disk, one commit at a time. Set before the first put.
  void on_commit(std::function<void(const std::vector<std::string>& keys)> listener);

  // Why entries are not kept ("" where they are): full, or what the system said. It is warned of once.
  std::string problem() const;

  struct Info {
    struct Count {
      int64_t entries = 0, bytes = 0;
    };
    std::vector<Count> kinds = std::vector<Count>(kCacheKinds);
    int64_t entries = 0, bytes = 0;
    int64_t files = 0;       // whose content is known
    int64_t file_bytes = 0;  // on disk
    int64_t limit = 0;       // of whoever wrote last; 0: nobody did
    int64_t damaged = 0;     // records that cannot be counted
  };
  Info info() const;
  // Reads everything. Keys of entries that are damaged or not counted, and of counts without an entry, with the reason;
  // `whole` is told the others.
  std::vector<std::pair<std::string, std::string>> verify(
      const std::function<void(const std::string& key)>& whole) const;

 private:
  struct Entry {
    CacheKind kind;
    std::string bytes;
  };
  struct Batch {
    std::map<std::string, Entry> entries;
    std::map<std::string, FileContent> files;
    std::set<std::string> used;
    int64_t bytes = 0;
    bool empty() const { return entries.empty() && files.empty() && used.empty(); }
  };

  int64_t hour() const;
  bool note_use(const std::string& key);
  bool is_due() const;
  std::vector<std::string> write(const Batch& batch);
  bool store(Transaction& transaction, const std::string& key, const Entry& entry, int64_t& total);
  int64_t make_room(Transaction& transaction, int64_t wanted);
  void give_up(const std::string& reason);

  const std::filesystem::path folder_;
  const int64_t max_bytes_;
  const std::function<int64_t()> clock_;
  const std::shared_ptr<KeyStore> store_;
  std::function<void(const std::vector<std::string>&)> listener_;
  std::atomic<bool> writes_ = true;
  int64_t full_since_ = -1;   // hour in which nothing could leave; of the thread that commits
  std::mutex commit_mutex_;   // before mutex_
  mutable std::mutex mutex_;  // what follows
  Batch batch_;
  std::chrono::steady_clock::time_point last_commit_;
  std::string problem_;
};

}  // namespace pdmp::data
