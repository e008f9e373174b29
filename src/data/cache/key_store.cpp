// LMDB environments of the sample cache: opened once a process, checked before use, set aside where damaged.
#include "data/cache/key_store.h"

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <ctime>
#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <lmdb.h>
#include <map>
#include <mutex>
#include <sys/stat.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include "base/files/descriptor.h"
#include "base/files/file.h"
#include "base/log.h"
#include "data/cache/lmdb_structure.h"
#include "pdmp/error.h"

namespace pdmp::data {
namespace {

namespace fs = std::filesystem;

constexpr std::array kTableNames = {"entries", "uses", "files", "totals"};
constexpr const char *kData = "data.mdb", *kLock = "lock.mdb", *kDamaged = "data.mdb.damaged-";
constexpr const char* kFormatKey = "format";
constexpr unsigned kMostReaders = 2048;  // at once, over all threads of all processes

void check(int code) {
  if (code != MDB_SUCCESS) throw StoreError(mdb_strerror(code), code == MDB_MAP_FULL);
}

std::string reason_of(int code) { return std::generic_category().message(code); }

MDB_val value_of(std::string_view bytes) { return {bytes.size(), const_cast<char*>(bytes.data())}; }
std::string_view text_of(const MDB_val& value) { return {static_cast<const char*>(value.mv_data), value.mv_size}; }

// What this process has open, by folder. Never destroyed: stores may end later than any static.
struct OpenStores {
  std::mutex mutex;
  std::condition_variable closed;
  std::map<std::string, std::weak_ptr<KeyStore>> stores;
};

OpenStores& open_stores() {
  static OpenStores& one = *new OpenStores;
  return one;
}

[[noreturn]] void refuse(const fs::path& folder, const std::string& reason) {
  throw Error(ErrorKind::io, fmt::format("'{}': expected a folder for the sample cache, found one that cannot be used: "
                                         "{}; name another, or remove it",
                                         folder.string(), reason));
}

// Held while nobody has the environment open: everybody who has holds a shared lock on the first byte of lock.mdb. Not
// for a folder that this process has open: closing the file would give up the locks it holds there. The lock file
// itself stays, so that whoever waits for it now finds the same one as those who come later.
class SoleUse {
 public:
  SoleUse(const fs::path& folder, std::chrono::milliseconds patience)
      : file_(::open((folder / kLock).c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666)) {
    if (file_.number() < 0) refuse(folder, reason_of(errno));
    constexpr auto kPause = std::chrono::milliseconds(50);
    for (;; patience -= kPause) {
      struct flock first = {};
      first.l_type = F_WRLCK;
      first.l_whence = SEEK_SET;
      first.l_len = 1;
      alone_ = fcntl(file_.number(), F_SETLK, &first) == 0;
      if (alone_ || patience.count() <= 0) return;
      std::this_thread::sleep_for(kPause);
    }
  }

  bool alone() const { return alone_; }

 private:
  const Descriptor file_;
  bool alone_ = false;
};

void remove_set_aside(const fs::path& folder) {
  std::vector<fs::path> old;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (entry.path().filename().string().starts_with(kDamaged)) old.push_back(entry.path());
  }
  for (const fs::path& path : old) fs::remove(path);
}

// The inode of data.mdb; 0 where there is none.
uint64_t inode_of_data(const fs::path& folder) {
  struct stat status = {};
  return stat((folder / kData).c_str(), &status) == 0 ? status.st_ino : 0;
}

// A store that was found damaged, as it was when that was found.
struct Damaged : StoreError {
  Damaged(const std::string& what, uint64_t damaged_inode) : StoreError(what, false), inode(damaged_inode) {}
  uint64_t inode;
};

// What LMDB is about to map: nothing, or a regular file whose meta pages are whole. Its inode.
uint64_t check_data(const fs::path& folder) {
  // Without O_NONBLOCK, opening a named pipe waits for a writer.
  const Descriptor file(::open((folder / kData).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.number() < 0 && errno == ENOENT) return 0;
  struct stat status = {};
  if (file.number() < 0 || fstat(file.number(), &status) != 0) throw StoreError("data.mdb: " + reason_of(errno), false);
  if (!S_ISREG(status.st_mode)) throw StoreError("data.mdb is no regular file", false);
  try {
    check_lmdb_meta(file.number());
  } catch (const LmdbDamage& damage) {
    throw Damaged(damage.what(), status.st_ino);
  }
  return status.st_ino;
}

void set_aside(const fs::path& folder, const Damaged& damaged) {
  constexpr auto kPatience = std::chrono::seconds(2);  // others may be finding the same
  const SoleUse use(folder, kPatience);
  if (inode_of_data(folder) != damaged.inode) return;  // another process set it aside first
  if (!use.alone()) refuse(folder, fmt::format("data.mdb is damaged ({}), and in use", damaged.what()));
  const std::string name = fmt::format("{}{:%Y%m%dT%H%M%S}", kDamaged, fmt::gmtime(std::time(nullptr)));
  try {
    remove_set_aside(folder);
    fs::rename(folder / kData, folder / name);
  } catch (const fs::filesystem_error& error) {
    refuse(folder, fmt::format("data.mdb is damaged ({}), and {}", damaged.what(), error.code().message()));
  }
  log_warning(fmt::format("sample cache '{}': data.mdb is damaged ({}); it is now {}, and the cache begins anew",
                          folder.string(), damaged.what(), name));
}

}  // namespace

std::shared_ptr<KeyStore> KeyStore::open(const fs::path& folder, int64_t map_bytes, OnDamage on_damage) {
  make_directories(folder);
  const std::string name = fs::canonical(folder).string();
  OpenStores& all = open_stores();
  std::unique_lock lock(all.mutex);
  for (auto found = all.stores.find(name); found != all.stores.end(); found = all.stores.find(name)) {
    if (std::shared_ptr<KeyStore> open = found->second.lock()) return open;
    all.closed.wait(lock);  // its last owner is about to close it
  }
  const auto close = [name](KeyStore* store) {
    const std::lock_guard closing(open_stores().mutex);
    delete store;
    open_stores().stores.erase(name);
    open_stores().closed.notify_all();
  };
  std::unique_ptr<KeyStore, void (*)(KeyStore*)> made(nullptr, [](KeyStore* store) { delete store; });
  constexpr int kAttempts = 3;
  for (int attempt = 1; made == nullptr; ++attempt) {
    try {
      made.reset(new KeyStore(name, map_bytes));
    } catch (const Damaged& damaged) {
      if (on_damage == OnDamage::refuse || attempt == kAttempts) {
        throw Error(ErrorKind::io, fmt::format("'{}': data.mdb is damaged: {}; a run with this cache sets it aside and "
                                               "begins anew, `pdmp cache clear` removes it",
                                               folder.string(), damaged.what()));
      }
      set_aside(folder, damaged);
    } catch (const StoreError& error) {
      refuse(folder, error.what());
    }
  }
  std::shared_ptr<KeyStore> store(made.release(), close);
  all.stores[name] = store;
  return store;
}

bool KeyStore::is_there(const fs::path& folder) { return fs::exists(folder / kData); }

void KeyStore::remove(const fs::path& folder) {
  OpenStores& all = open_stores();
  const std::lock_guard lock(all.mutex);
  const auto in_use = [&] { refuse(folder, "it is in use; wait for the runs that use it to end"); };
  if (all.stores.contains(fs::canonical(folder).string())) in_use();
  const SoleUse use(folder, {});
  if (!use.alone()) in_use();
  try {
    fs::remove(folder / kData);
    remove_set_aside(folder);
  } catch (const fs::filesystem_error& error) {
    refuse(folder, error.code().message());
  }
}

KeyStore::KeyStore(const fs::path& folder, int64_t map_bytes) : folder_(folder) {
  const uint64_t inode = check_data(folder);
  try {
    open_environment(map_bytes);
    check_trees();
    open_tables();
  } catch (const std::exception& error) {
    if (environment_ != nullptr) mdb_env_close(environment_);
    if (dynamic_cast<const LmdbDamage*>(&error) != nullptr) throw Damaged(error.what(), inode);
    if (dynamic_cast<const LmdbForeign*>(&error) != nullptr) throw StoreError(error.what(), false);
    throw;
  }
}

void KeyStore::open_environment(int64_t map_bytes) {
  check(mdb_env_create(&environment_));
  check(mdb_env_set_maxdbs(environment_, kTableNames.size()));
  check(mdb_env_set_maxreaders(environment_, kMostReaders));
  check(mdb_env_set_mapsize(environment_, static_cast<size_t>(map_bytes)));
  // Readers are transactions, not threads: workers come and go. A power failure may undo the last commits; none is
  // ever half done.
  check(mdb_env_open(environment_, folder_.c_str(), MDB_NOTLS | MDB_NOMETASYNC, 0666));
  int dead = 0;  // killed readers would keep old pages from being used again
  check(mdb_reader_check(environment_, &dead));
}

void KeyStore::check_trees() const {
  const Transaction transaction(*this, Transaction::Access::read);
  int file = -1;
  check(mdb_env_get_fd(environment_, &file));
  check_lmdb_trees(file, mdb_txn_id(transaction.transaction_), kTableNames);
}

void KeyStore::open_tables() {
  Transaction transaction(*this, Transaction::Access::write);
  MDB_dbi names = 0;
  MDB_stat status = {};
  check(mdb_dbi_open(transaction.transaction_, nullptr, 0, &names));
  check(mdb_stat(transaction.transaction_, names, &status));
  page_bytes_ = status.ms_psize;
  for (size_t t = 0; t < kTableNames.size(); ++t) {
    check(mdb_dbi_open(transaction.transaction_, kTableNames[t], MDB_CREATE, &tables_[t]));
  }
  const std::string format = std::to_string(kFormat);
  const auto found = transaction.get(Table::totals, kFormatKey);
  if (status.ms_entries > 0 && found != format) throw LmdbDamage("another version of pdmp made it");
  if (!found) transaction.put(Table::totals, kFormatKey, format);
  transaction.commit();
  const Transaction reader(*this, Transaction::Access::read);
  MDB_envinfo info = {};
  check(mdb_env_info(environment_, &info));
  map_ = {lmdb_map_of(reader.get(Table::totals, kFormatKey).value(), page_bytes_), info.me_mapsize};
}

KeyStore::~KeyStore() { mdb_env_close(environment_); }

int64_t KeyStore::file_bytes() const {
  std::error_code ignored;
  const auto bytes = fs::file_size(folder_ / kData, ignored);
  return ignored ? 0 : static_cast<int64_t>(bytes);
}

Transaction::Transaction(const KeyStore& store, Access access) : store_(store) {
  check(mdb_txn_begin(store.environment_, nullptr, access == Access::read ? MDB_RDONLY : 0, &transaction_));
}

Transaction::~Transaction() {
  if (transaction_ != nullptr) mdb_txn_abort(transaction_);
}

std::optional<std::string_view> Transaction::get(Table table, std::string_view key) const {
  MDB_val name = value_of(key), value = {};
  const int code = mdb_get(transaction_, store_.tables_[static_cast<size_t>(table)], &name, &value);
  if (code == MDB_NOTFOUND) return std::nullopt;
  check(code);
  return text_of(value);
}

void Transaction::put(Table table, std::string_view key, std::string_view value) {
  MDB_val name = value_of(key), content = value_of(value);
  check(mdb_put(transaction_, store_.tables_[static_cast<size_t>(table)], &name, &content, 0));
}

bool Transaction::erase(Table table, std::string_view key) {
  const auto value = get(table, key);
  if (!value) return true;
  if (!can_free_lmdb_value(store_.map_, store_.page_bytes_, key.size(), *value)) return false;
  MDB_val name = value_of(key);
  check(mdb_del(transaction_, store_.tables_[static_cast<size_t>(table)], &name, nullptr));
  return true;
}

void Transaction::each(Table table,
                       const std::function<void(std::string_view key, std::string_view value)>& visit) const {
  MDB_cursor* opened = nullptr;
  check(mdb_cursor_open(transaction_, store_.tables_[static_cast<size_t>(table)], &opened));
  const std::unique_ptr<MDB_cursor, void (*)(MDB_cursor*)> cursor(opened, mdb_cursor_close);
  MDB_val key = {}, value = {};
  int code = MDB_SUCCESS;
  while ((code = mdb_cursor_get(cursor.get(), &key, &value, MDB_NEXT)) == MDB_SUCCESS) {
    visit(text_of(key), text_of(value));
  }
  if (code != MDB_NOTFOUND) check(code);
}

void Transaction::commit() {
  MDB_txn* finished = std::exchange(transaction_, nullptr);  // LMDB frees it, whatever comes out
  check(mdb_txn_commit(finished));
}

}  // namespace pdmp::data
