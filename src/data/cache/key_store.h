// Tables of bytes by key in a folder, shared by threads and processes: an LMDB environment.
//
// A transaction is all or nothing, also when the process is killed within it. Reading is in place: what `get` gives is
// memory of the file, valid until the transaction ends. One writer at a time over all processes; readers never wait.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

struct MDB_env;
struct MDB_txn;

namespace pdmp::data {

class StoreError : public std::runtime_error {
 public:
  StoreError(const std::string& what, bool full) : std::runtime_error(what), full_(full) {}
  bool full() const { return full_; }  // the map has no room left; not the disk

 private:
  bool full_;
};

// What to do with a data.mdb that is damaged: its trees are read before LMDB follows them
// (data/cache/lmdb_structure.h).
enum class OnDamage {
  set_aside,  // rename it to data.mdb.damaged-TIME, of which the last one is kept, with a warning, and begin anew
  refuse      // Error{io} that says what is damaged
};

class KeyStore {
 public:
  enum class Table { entries, uses, files, totals };
  static constexpr size_t kLongestKey = 511;  // of LMDB as it is built
  static constexpr int64_t kFormat = 2;       // of the values in the tables

  // Makes the folder where it is missing; the files in it are data.mdb, which may grow to `map_bytes`, and lock.mdb. A
  // process has one open environment a folder, which all share who open it: LMDB asks for that. Error{io}, also where
  // a damaged one cannot be set aside because another process uses it. A process that has one open must not go on in a
  // fork (fork and exec are fine).
  static std::shared_ptr<KeyStore> open(const std::filesystem::path& folder, int64_t map_bytes,
                                        OnDamage on_damage = OnDamage::set_aside);

  // Removes the data of a folder that nobody has open, also what was set aside, and gives its disk space back.
  // Error{io} where somebody has.
  static void remove(const std::filesystem::path& folder);

  static bool is_there(const std::filesystem::path& folder);

  KeyStore(const KeyStore&) = delete;
  KeyStore& operator=(const KeyStore&) = delete;

  int64_t file_bytes() const;  // of data.mdb

 private:
  friend class Transaction;
  KeyStore(const std::filesystem::path& folder, int64_t map_bytes);
  ~KeyStore();
  void open_environment(int64_t map_bytes);
  void check_trees() const;
  void open_tables();

  std::filesystem::path folder_;
  MDB_env* environment_ = nullptr;
  std::array<unsigned, 4> tables_ = {};
  std::string_view map_;  // data.mdb in memory
  size_t page_bytes_ = 0;
};

// Every call throws StoreError where LMDB refuses. Ends without a trace unless committed. Of one thread at a time.
class Transaction {
 public:
  enum class Access { read, write };
  using Table = KeyStore::Table;

  Transaction(const KeyStore& store, Access access);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  std::optional<std::string_view> get(Table table, std::string_view key) const;
  void put(Table table, std::string_view key, std::string_view value);
  // Fine where there is none. False, and it stays, where its pages cannot be freed: their header is damaged.
  bool erase(Table table, std::string_view key);
  // In the order of the keys. `visit` must not change the table.
  void each(Table table, const std::function<void(std::string_view key, std::string_view value)>& visit) const;
  void commit();

 private:
  friend class KeyStore;
  const KeyStore& store_;
  MDB_txn* transaction_ = nullptr;
};

}  // namespace pdmp::data
