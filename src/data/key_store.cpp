#include "data/key_store.h"

#include <cerrno>
#include <condition_variable>
#include <fcntl.h>
#include <fmt/format.h>
#include <lmdb.h>
#include <map>
#include <mutex>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "base/file.h"
#include "pdmp/error.h"

namespace pdmp {
namespace {

namespace fs = std::filesystem;

constexpr std::array kTableNames = {"entries", "uses", "files", "totals"};
constexpr unsigned kMostReaders = 2048;  // at once, over all threads of all processes

void check(int code) {
  if (code != MDB_SUCCESS) throw StoreError(mdb_strerror(code), code == MDB_MAP_FULL);
}

MDB_val value_of(std::string_view bytes) { return {bytes.size(), const_cast<char*>(bytes.data())}; }
std::string_view text_of(const MDB_val& value) { return {static_cast<const char*>(value.mv_data), value.mv_size}; }

// What this process has open, by folder. Never destroyed: stores may end later than any static.
struct Registry {
  std::mutex mutex;
  std::condition_variable closed;
  std::map<std::string, std::weak_ptr<KeyStore>> stores;
};

Registry& registry() {
  static Registry& one = *new Registry;
  return one;
}

[[noreturn]] void refuse(const fs::path& folder, const std::string& reason) {
  throw Error(ErrorKind::io, fmt::format("'{}': expected a folder for the sample cache, found one that cannot be used: "
                                         "{}; name another, or remove it",
                                         folder.string(), reason));
}

}  // namespace

std::shared_ptr<KeyStore> KeyStore::open(const fs::path& folder, int64_t map_bytes) {
  make_directories(folder);
  const std::string name = fs::canonical(folder).string();
  Registry& all = registry();
  std::unique_lock lock(all.mutex);
  for (auto found = all.stores.find(name); found != all.stores.end(); found = all.stores.find(name)) {
    if (std::shared_ptr<KeyStore> open = found->second.lock()) return open;
    all.closed.wait(lock);  // its last owner is about to close it
  }
  const auto close = [name](KeyStore* store) {
    const std::lock_guard closing(registry().mutex);
    delete store;
    registry().stores.erase(name);
    registry().closed.notify_all();
  };
  std::unique_ptr<KeyStore, void (*)(KeyStore*)> made(nullptr, [](KeyStore* store) { delete store; });
  try {
    made.reset(new KeyStore(name, map_bytes));
  } catch (const StoreError& error) {
    refuse(folder, error.what());
  }
  std::shared_ptr<KeyStore> store(made.release(), close);
  all.stores[name] = store;
  return store;
}

bool KeyStore::is_there(const fs::path& folder) { return fs::exists(folder / "data.mdb"); }

void KeyStore::remove(const fs::path& folder) {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  const auto in_use = [&] { refuse(folder, "it is in use; wait for the runs that use it to end"); };
  // Closing the lock file here would give up the locks this process holds on it.
  if (all.stores.contains(fs::canonical(folder).string())) in_use();
  const int file = ::open((folder / "lock.mdb").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (file < 0) refuse(folder, std::generic_category().message(errno));
  // Everybody who has the environment open holds a shared lock on the first byte. The lock file itself stays, so that
  // whoever waits for it now finds the same one as those who come later.
  struct flock first = {};
  first.l_type = F_WRLCK;
  first.l_whence = SEEK_SET;
  first.l_len = 1;
  const bool alone = fcntl(file, F_SETLK, &first) == 0;
  std::error_code error;
  if (alone) fs::remove(folder / "data.mdb", error);
  close(file);
  if (!alone) in_use();
  if (error) refuse(folder, error.message());
}

KeyStore::KeyStore(const fs::path& folder, int64_t map_bytes) : folder_(folder) {
  try {
    check(mdb_env_create(&environment_));
    check(mdb_env_set_maxdbs(environment_, kTableNames.size()));
    check(mdb_env_set_maxreaders(environment_, kMostReaders));
    check(mdb_env_set_mapsize(environment_, static_cast<size_t>(map_bytes)));
    // Readers are transactions, not threads: workers come and go. A power failure may undo the last commits; none is
    // ever half done.
    check(mdb_env_open(environment_, folder.c_str(), MDB_NOTLS | MDB_NOMETASYNC, 0666));
    int dead = 0;  // killed readers would keep old pages from being used again
    check(mdb_reader_check(environment_, &dead));
    Transaction transaction(*this, Transaction::Access::write);
    for (size_t t = 0; t < kTableNames.size(); ++t) {
      check(mdb_dbi_open(transaction.transaction_, kTableNames[t], MDB_CREATE, &tables_[t]));
    }
    transaction.commit();
  } catch (const StoreError&) {
    if (environment_ != nullptr) mdb_env_close(environment_);
    throw;
  }
}

KeyStore::~KeyStore() { mdb_env_close(environment_); }

int64_t KeyStore::file_bytes() const {
  std::error_code ignored;
  const auto bytes = fs::file_size(folder_ / "data.mdb", ignored);
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

void Transaction::erase(Table table, std::string_view key) {
  MDB_val name = value_of(key);
  const int code = mdb_del(transaction_, store_.tables_[static_cast<size_t>(table)], &name, nullptr);
  if (code != MDB_NOTFOUND) check(code);
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

}  // namespace pdmp
