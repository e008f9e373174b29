#include "data/cache/lmdb_structure.h"

#include <array>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <lmdb.h>
#include <unistd.h>

#include "base/files/file.h"
#include "data/cache/key_store.h"
#include "support/expect_error.h"
#include "support/temporary_directory.h"

namespace pdmp::data {
namespace {

using testing::TemporaryDirectory;

constexpr size_t kPage = 4096;
constexpr std::array kTables = {"entries", "uses", "files", "totals"};

// Pages of every kind: branches, leaves, values of more than a page, and a list of free pages.
std::string whole_file() {
  const TemporaryDirectory directory;
  {
    const auto store = KeyStore::open(directory.path(), int64_t{64} << 20);
    for (int round = 0; round < 3; ++round) {
      Transaction transaction(*store, Transaction::Access::write);
      for (int i = 0; i < 100; ++i) {
        const std::string key = std::to_string(i * 7919) + std::string(60, 'k');
        transaction.erase(KeyStore::Table::entries, key);
        transaction.put(KeyStore::Table::entries, key, std::string(i % 3 == 0 ? 9000 : 40 * round, 'v'));
      }
      transaction.commit();
    }
  }
  return read_file(directory / "data.mdb");
}

uint64_t newest_transaction(const std::string& bytes) {
  const auto number_at = [&](size_t at) {
    uint64_t number = 0;
    bytes.copy(reinterpret_cast<char*>(&number), sizeof(number), at);
    return number;
  };
  constexpr size_t kTransaction = 16 + 128;  // MDB_meta.mm_txnid behind the page's header
  return std::max(number_at(kTransaction), number_at(kPage + kTransaction));
}

// "" where it is whole.
std::string damage_of(const std::string& bytes) {
  const TemporaryDirectory directory;
  const int file = open(directory.write("data.mdb", bytes).c_str(), O_RDONLY);
  std::string damage;
  try {
    check_lmdb_meta(file);
    check_lmdb_trees(file, newest_transaction(bytes), kTables);
  } catch (const LmdbDamage& found) {
    damage = found.what();
  }
  close(file);
  return damage;
}

uint16_t flags_of(const std::string& bytes, size_t page) {
  return static_cast<unsigned char>(bytes[page * kPage + 10]);
}

TEST(LmdbStructure, AWholeFileIsWhole) {
  EXPECT_EQ(damage_of(whole_file()), "");
  const TemporaryDirectory directory;
  const int file = open(directory.write("data.mdb", "").c_str(), O_RDONLY);
  EXPECT_NO_THROW(check_lmdb_meta(file));
  close(file);
}

std::string flipped(std::string bytes, size_t at) {
  bytes[at] = static_cast<char>(bytes[at] ^ 4);
  return bytes;
}

// Of branches and leaves in use. Free pages may hold anything, and no header of a value's own pages is read here.
TEST(LmdbStructure, FindsFlippedHeaders) {
  const std::string whole = whole_file();
  int in_use = 0;
  for (size_t page = 2; page < whole.size() / kPage; ++page) {
    const size_t begin = page * kPage, flags = begin + 10;
    if (flags_of(whole, page) == 4 || damage_of(flipped(whole, flags)).empty()) continue;
    ++in_use;
    for (const size_t byte : {0, 7, 11, 12, 13, 14, 15, 16, 17}) {
      EXPECT_NE(damage_of(flipped(whole, begin + byte)), "") << "page " << page << ", byte " << byte;
    }
  }
  EXPECT_GE(in_use, 5);
}

TEST(LmdbStructure, FindsFilesCutShort) {
  const std::string whole = whole_file();
  // The last pages may be free.
  for (size_t size = 1; size < whole.size() / 2; size += 7 * kPage - 1) {
    EXPECT_NE(damage_of(whole.substr(0, size)), "") << size << " of " << whole.size();
  }
}

TEST(LmdbStructure, NamesWhatIsWrong) {
  std::string bytes = whole_file();
  bytes[16] ^= 1;
  EXPECT_EQ(damage_of(bytes), "first meta page: expected the mark of LMDB, found another");
  bytes = whole_file();
  bytes[kPage + 10] ^= 1;
  EXPECT_EQ(damage_of(bytes), "second meta page: its flags are not those of a meta page");
}

TEST(LmdbStructure, LeavesTheFilesOfOthersAlone) {
  const TemporaryDirectory directory;
  MDB_env* environment = nullptr;
  MDB_txn* transaction = nullptr;
  MDB_dbi names = 0;
  MDB_val key{1, const_cast<char*>("k")}, value{1, const_cast<char*>("v")};
  ASSERT_EQ(mdb_env_create(&environment), 0);
  ASSERT_EQ(mdb_env_open(environment, directory.path().c_str(), 0, 0666), 0);
  ASSERT_EQ(mdb_txn_begin(environment, nullptr, 0, &transaction), 0);
  ASSERT_EQ(mdb_dbi_open(transaction, nullptr, 0, &names), 0);
  ASSERT_EQ(mdb_put(transaction, names, &key, &value, 0), 0);
  ASSERT_EQ(mdb_txn_commit(transaction), 0);
  mdb_env_close(environment);
  const std::string before = read_file(directory / "data.mdb");
  testing::expect_error(ErrorKind::io, {"something else made"}, [&] { KeyStore::open(directory.path(), 1 << 20); });
  EXPECT_EQ(read_file(directory / "data.mdb"), before);
}

}  // namespace
}  // namespace pdmp::data
