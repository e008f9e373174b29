#include "data/cache/sample_cache.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <ctime>
#include <fmt/format.h>
#include <torch/version.h>

#include "base/files/file.h"
#include "base/files/sha256.h"
#include "base/log.h"
#include "data/cache/cache_entry.h"
#include "data/decode/ffmpeg.h"
#include "pdmp/tensor.h"

namespace pdmp::data {
namespace {

using Table = KeyStore::Table;
using Access = Transaction::Access;

constexpr double kGibibyte = int64_t{1} << 30;
constexpr int64_t kPage = 4096;
constexpr int64_t kBatchBytes = int64_t{16} << 20;
constexpr size_t kBatchNotes = 4096;
constexpr auto kBatchTime = std::chrono::milliseconds(500);
constexpr const char *kTotal = "bytes", *kLimit = "limit";

// Records of fixed size, as they lie in the tables.
struct Use {
  int64_t hour = 0, bytes = 0;
  int64_t kind = 0;
};
struct KnownFile {
  FileIdentity identity;
  std::array<char, 64> hash = {};
};

uint64_t check_of(Table table, std::string_view key, std::string_view record) {
  return checksum(record, checksum(key, static_cast<uint64_t>(table)));
}

// A record, then a checksum of it and of its place.
template <class Record>
std::string sealed(Table table, std::string_view key, const Record& record) {
  std::string bytes(reinterpret_cast<const char*>(&record), sizeof(record));
  const uint64_t check = check_of(table, key, bytes);
  return bytes.append(reinterpret_cast<const char*>(&check), sizeof(check));
}

// Nothing where there is none, or where it is damaged.
template <class Record>
std::optional<Record> unsealed(Table table, std::string_view key, const std::optional<std::string_view>& bytes) {
  uint64_t check = 0;
  if (!bytes || bytes->size() != sizeof(Record) + sizeof(check)) return std::nullopt;
  std::memcpy(&check, bytes->data() + sizeof(Record), sizeof(check));
  if (check != check_of(table, key, bytes->substr(0, sizeof(Record)))) return std::nullopt;
  Record record;
  std::memcpy(&record, bytes->data(), sizeof(record));
  return record;
}

template <class Record>
std::optional<Record> read_record(const Transaction& transaction, Table table, std::string_view key) {
  return unsealed<Record>(table, key, transaction.get(table, key));
}

template <class Record>
void write_record(Transaction& transaction, Table table, std::string_view key, const Record& record) {
  transaction.put(table, key, sealed(table, key, record));
}

// Room for values that begin a page, for the tree above them and for what transactions free later.
int64_t map_bytes(int64_t max_bytes) { return max_bytes + max_bytes / 4 + (int64_t{256} << 20); }

// What an entry takes of the file.
int64_t pages_of(size_t bytes) { return (static_cast<int64_t>(bytes) + 2 * kPage - 1) / kPage * kPage; }

// Bytes of all entries, as they are counted one by one.
int64_t sum_of_uses(const Transaction& transaction) {
  int64_t total = 0;
  transaction.each(Table::uses, [&](std::string_view key, std::string_view value) {
    const auto use = unsealed<Use>(Table::uses, key, value);
    total += use ? use->bytes : 0;
  });
  return total;
}

int64_t read_total(const Transaction& transaction) {
  const auto total = read_record<int64_t>(transaction, Table::totals, kTotal);
  return total ? *total : sum_of_uses(transaction);
}

// Everything that decodes: another version of it is another cache. The number goes up where our own part changes.
const std::string& version() {
  static const std::string text = fmt::format("3 avcodec {} torch {}", avcodec_version(), TORCH_VERSION);
  return text;
}

std::string file_key(const std::filesystem::path& path) {
  std::string key = (path.is_absolute() ? path : std::filesystem::absolute(path)).string();
  return key.size() < KeyStore::kLongestKey ? key : sha256_of(key);
}

}  // namespace

const char* cache_kind_name(CacheKind kind) {
  switch (kind) {
    case CacheKind::picture:
      return "decoded pictures";
    case CacheKind::fitted:
      return "resized pictures";
    case CacheKind::spectrogram:
      return "spectrograms";
    case CacheKind::wave:
      return "waveforms";
    case CacheKind::video:
      return "facts of videos";
  }
  return "unknown";
}

void describe_cache_limit(OptionList& list, double* gib) {
  list.add("cache-gib", gib, "Largest size of that, in GiB.").at_least(0.001).at_most(1000000).advanced();
}

int64_t cache_limit(double gib) { return static_cast<int64_t>(gib * kGibibyte); }

SampleCache::SampleCache(const std::filesystem::path& folder, int64_t max_bytes, std::function<int64_t()> clock,
                         OnDamage on_damage)
    : folder_(folder),
      max_bytes_(max_bytes),
      clock_(clock ? std::move(clock) : [] { return static_cast<int64_t>(std::time(nullptr)); }),
      store_(KeyStore::open(folder, map_bytes(max_bytes), on_damage)),
      last_commit_(std::chrono::steady_clock::now()) {}

SampleCache::~SampleCache() { commit(); }

int64_t SampleCache::hour() const { return clock_() / 3600; }

std::optional<FileContent> SampleCache::content(const std::filesystem::path& path, const FileLimits& limits) {
  const std::optional<FileIdentity> identity = identify_file(path);
  if (!identity) return std::nullopt;
  const std::string name = file_key(path);
  try {
    const Transaction transaction(*store_, Access::read);
    const auto known = read_record<KnownFile>(transaction, Table::files, name);
    if (known && known->identity == *identity) {
      return FileContent{*identity, std::string(known->hash.begin(), known->hash.end()), true};
    }
  } catch (const StoreError&) {
    return std::nullopt;
  }
  std::optional<FileContent> read = hash_file(path, clock_(), limits);
  if (!read || !read->settled || !writes_) return read;
  bool due = false;
  {
    const std::lock_guard lock(mutex_);
    batch_.files[name] = *read;
    due = batch_.files.size() >= kBatchNotes;
  }
  if (due) commit();
  return read;
}

std::string SampleCache::key(const FileContent& content, const std::string& what) {
  return sha256_of(fmt::format("{}\n{}\n{}", content.hash, version(), what));
}

bool SampleCache::use(const std::string& key, const std::function<void(const Tensor&)>& work) {
  bool due = false;
  {
    std::optional<Transaction> transaction;
    Tensor value;
    try {
      transaction.emplace(*store_, Access::read);
      if (const auto bytes = transaction->get(Table::entries, key)) value = view_entry(key, *bytes);
      if (!value.defined()) return false;
      const auto last = read_record<Use>(*transaction, Table::uses, key);
      if (!last) return false;  // damaged: the entry is written anew, and counted
      due = last->hour < hour() && note_use(key);
    } catch (const StoreError&) {
      return false;
    }
    work(value);
  }
  if (due) commit();
  return true;
}

// Once an hour: hours are what decides who leaves. True where enough of these notes are there to be committed.
bool SampleCache::note_use(const std::string& key) {
  if (!writes_) return false;
  const std::lock_guard lock(mutex_);
  batch_.used.insert(key);
  return batch_.used.size() >= kBatchNotes;
}

bool SampleCache::holds(const std::string& key) const {
  try {
    return Transaction(*store_, Access::read).get(Table::entries, key).has_value();
  } catch (const StoreError&) {
    return false;
  }
}

void SampleCache::put(const std::string& key, CacheKind kind, const Tensor& value) {
  if (!writes_) return;
  Entry entry{kind, encode_entry(key, value)};
  const auto size = static_cast<int64_t>(entry.bytes.size());
  bool due = false;
  {
    const std::lock_guard lock(mutex_);
    if (!batch_.entries.try_emplace(key, std::move(entry)).second) return;
    batch_.bytes += size;
    due = is_due();
  }
  if (due) commit();
}

bool SampleCache::is_due() const {
  return batch_.bytes >= kBatchBytes || std::chrono::steady_clock::now() - last_commit_ >= kBatchTime;
}

void SampleCache::on_commit(std::function<void(const std::vector<std::string>& keys)> listener) {
  listener_ = std::move(listener);
}

// Threads that come while one commits wait here, so that memory holds two batches at most.
void SampleCache::commit() {
  const std::lock_guard one(commit_mutex_);
  Batch batch;
  {
    const std::lock_guard lock(mutex_);
    std::swap(batch, batch_);
    last_commit_ = std::chrono::steady_clock::now();
  }
  if (batch.empty() || !writes_) return;
  std::vector<std::string> written;
  try {
    written = write(batch);
  } catch (const StoreError& error) {
    give_up(error.full() ? "its file has no room left in one piece; empty it with `pdmp cache clear`" : error.what());
  }
  if (listener_ && !written.empty()) listener_(written);
}

std::vector<std::string> SampleCache::write(const Batch& batch) {
  std::vector<std::string> written;
  Transaction transaction(*store_, Access::write);
  for (const std::string& key : batch.used) {
    auto use = read_record<Use>(transaction, Table::uses, key);
    if (!use) continue;  // it has left
    use->hour = hour();
    write_record(transaction, Table::uses, key, *use);
  }
  for (const auto& [name, content] : batch.files) {
    KnownFile file{content.identity, {}};
    std::copy_n(content.hash.begin(), std::min(content.hash.size(), file.hash.size()), file.hash.begin());
    write_record(transaction, Table::files, name, file);
  }
  int64_t total = read_total(transaction);
  for (const auto& [key, entry] : batch.entries) {
    if (store(transaction, key, entry, total)) written.push_back(key);
  }
  write_record(transaction, Table::totals, kTotal, total);
  write_record(transaction, Table::totals, kLimit, max_bytes_);
  transaction.commit();
  return written;
}

// False where it has no room.
bool SampleCache::store(Transaction& transaction, const std::string& key, const Entry& entry, int64_t& total) {
  const auto use = read_record<Use>(transaction, Table::uses, key);
  if (const auto there = transaction.get(Table::entries, key)) {
    if (use && view_entry(key, *there).defined()) return true;  // another process was faster
    if (!transaction.erase(Table::entries, key)) return false;
  }
  if (transaction.get(Table::uses, key)) {
    transaction.erase(Table::uses, key);
    total = use ? total - use->bytes : sum_of_uses(transaction);
  }
  const int64_t bytes = pages_of(entry.bytes.size());
  if (total + bytes > max_bytes_) total -= make_room(transaction, total + bytes - max_bytes_);
  if (total + bytes > max_bytes_) return false;
  transaction.put(Table::entries, key, entry.bytes);
  write_record(transaction, Table::uses, key, Use{hour(), bytes, static_cast<int64_t>(entry.kind)});
  total += bytes;
  return true;
}

// Bytes of the entries that left: at least `wanted`, and a twentieth of all at a time, where so much may leave.
int64_t SampleCache::make_room(Transaction& transaction, int64_t wanted) {
  constexpr int64_t kShare = 20, kDay = 24;
  if (full_since_ == hour()) return 0;
  struct Leaving {
    int64_t hour, bytes;
    std::string key;
  };
  std::vector<Leaving> old;
  transaction.each(Table::uses, [&](std::string_view key, std::string_view value) {
    const auto use = unsealed<Use>(Table::uses, key, value);
    if (use && use->hour + kDay <= hour()) old.push_back({use->hour, use->bytes, std::string(key)});
  });
  std::stable_sort(old.begin(), old.end(), [](const Leaving& a, const Leaving& b) { return a.hour < b.hour; });
  int64_t freed = 0;
  for (const Leaving& entry : old) {
    if (freed >= std::max(wanted, max_bytes_ / kShare)) break;
    if (!transaction.erase(Table::entries, entry.key)) continue;
    transaction.erase(Table::uses, entry.key);
    freed += entry.bytes;
  }
  if (freed >= wanted) return freed;
  full_since_ = hour();
  const std::lock_guard lock(mutex_);
  if (problem_.empty()) {
    problem_ = fmt::format(
        "it is full ({:.3g} GiB) with what was used within a day; raise `cache-gib`, or empty it with "
        "`pdmp cache clear`",
        static_cast<double>(max_bytes_) / kGibibyte);
    log_warning(fmt::format("sample cache '{}': {}; the rest is decoded every time", folder_.string(), problem_));
  }
  return freed;
}

void SampleCache::give_up(const std::string& reason) {
  writes_ = false;
  const std::lock_guard lock(mutex_);
  problem_ = reason;
  batch_ = {};
  log_warning(fmt::format("sample cache '{}': {}; nothing more is kept, and samples are decoded as without it",
                          folder_.string(), reason));
}

std::string SampleCache::problem() const {
  const std::lock_guard lock(mutex_);
  return problem_;
}

SampleCache::Info SampleCache::info() const {
  Info info;
  info.file_bytes = store_->file_bytes();
  const Transaction transaction(*store_, Access::read);
  const auto limit = read_record<int64_t>(transaction, Table::totals, kLimit);
  info.limit = limit.value_or(0);
  if (!limit && transaction.get(Table::totals, kLimit)) ++info.damaged;
  transaction.each(Table::uses, [&](std::string_view key, std::string_view value) {
    const auto use = unsealed<Use>(Table::uses, key, value);
    if (!use || use->kind < 0 || use->kind >= kCacheKinds) {
      ++info.damaged;
      return;
    }
    Info::Count& count = info.kinds[static_cast<size_t>(use->kind)];
    ++count.entries, ++info.entries;
    count.bytes += use->bytes, info.bytes += use->bytes;
  });
  transaction.each(Table::files, [&](std::string_view, std::string_view) { ++info.files; });
  return info;
}

std::vector<std::pair<std::string, std::string>> SampleCache::verify(
    const std::function<void(const std::string& key)>& whole) const {
  std::vector<std::pair<std::string, std::string>> bad;
  const Transaction transaction(*store_, Access::read);
  int64_t count = 0, bytes = 0;
  transaction.each(Table::uses, [&](std::string_view key, std::string_view value) {
    ++count;
    const auto use = unsealed<Use>(Table::uses, key, value);
    bytes += use ? use->bytes : 0;
    if (!transaction.get(Table::entries, key)) bad.emplace_back(key, "is counted, but not there");
  });
  Progress progress("verify", count, "entry");
  transaction.each(Table::entries, [&](std::string_view key, std::string_view value) {
    progress.advance();
    const auto use = read_record<Use>(transaction, Table::uses, key);
    if (!view_entry(key, value).defined()) {
      bad.emplace_back(key, "is damaged");
    } else if (!use || use->bytes != pages_of(value.size())) {
      bad.emplace_back(key, "is not counted as it is");
    } else {
      whole(std::string(key));
    }
  });
  if (bytes != read_total(transaction)) {
    bad.emplace_back(kTotal, fmt::format("expected {} in all, found {}", bytes, read_total(transaction)));
  }
  return bad;
}

}  // namespace pdmp::data
