#include "data/cache/key_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <thread>
#include <vector>

#include "base/files/file.h"
#include "support/expect_error.h"
#include "support/temporary_directory.h"

namespace pdmp::data {
namespace {

using Access = Transaction::Access;
using Table = KeyStore::Table;
using testing::expect_error;
using testing::TemporaryDirectory;

constexpr int64_t kMap = int64_t{1} << 20;

void put(const KeyStore& store, const std::string& key, const std::string& value) {
  Transaction transaction(store, Access::write);
  transaction.put(Table::entries, key, value);
  transaction.commit();
}

std::string get(const KeyStore& store, const std::string& key) {
  const Transaction transaction(store, Access::read);
  return std::string(transaction.get(Table::entries, key).value_or("nothing"));
}

TEST(KeyStore, KeepsWhatIsCommitted) {
  const TemporaryDirectory directory;
  {
    const auto store = KeyStore::open(directory / "a/b", kMap);
    put(*store, "k", "one");
    put(*store, "l", "two");
    Transaction lost(*store, Access::write);
    lost.put(Table::entries, "k", "three");
  }
  const auto store = KeyStore::open(directory / "a/b", kMap);
  EXPECT_EQ(get(*store, "k"), "one");
  EXPECT_EQ(get(*store, "m"), "nothing");
  Transaction transaction(*store, Access::write);
  EXPECT_FALSE(transaction.get(Table::uses, "k"));
  transaction.erase(Table::entries, "l");
  transaction.erase(Table::entries, "never there");
  std::string all;
  transaction.each(Table::entries, [&](std::string_view key, std::string_view value) {
    all += std::string(key) + "=" + std::string(value);
  });
  EXPECT_EQ(all, "k=one");
}

TEST(KeyStore, AProcessOpensAFolderOnce) {
  const TemporaryDirectory directory;
  const auto store = KeyStore::open(directory.path(), kMap);
  EXPECT_EQ(store, KeyStore::open(directory / "../" / directory.path().filename(), kMap));
  EXPECT_NE(store, KeyStore::open(directory / "other", kMap));
}

TEST(KeyStore, ThreadsOpenAndCloseAtAnyTime) {
  const TemporaryDirectory directory;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 25; ++i) {
        const auto store = KeyStore::open(directory.path(), kMap);
        put(*store, std::to_string(t), std::to_string(i));
        EXPECT_EQ(get(*store, std::to_string(t)), std::to_string(i));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(KeyStore, SaysWhenItIsFullAndGoesOn) {
  const TemporaryDirectory directory;
  const auto store = KeyStore::open(directory.path(), kMap);
  put(*store, "small", "one");
  try {
    put(*store, "large", std::string(kMap, 'x'));
    FAIL() << "a value as large as the map had room in it";
  } catch (const StoreError& error) {
    EXPECT_TRUE(error.full());
  }
  EXPECT_EQ(get(*store, "small"), "one");
  put(*store, "other", "two");
}

TEST(KeyStore, RefusesFoldersItCannotUse) {
  const TemporaryDirectory directory;
  directory.write("file", "x");
  expect_error(ErrorKind::io, {"file"}, [&] { KeyStore::open(directory / "file", kMap); });
  make_directories(directory / "other/data.mdb");
  expect_error(ErrorKind::io, {"other", "no regular file", "remove it"},
               [&] { KeyStore::open(directory / "other", kMap); });
  expect_error(ErrorKind::io, {"/proc/none"}, [&] { KeyStore::open("/proc/none", kMap); });
}

std::vector<std::string> set_aside_in(const TemporaryDirectory& directory) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
    if (entry.path().filename().string().starts_with("data.mdb.")) names.push_back(entry.path().filename());
  }
  return names;
}

TEST(KeyStore, SetsADamagedFileAside) {
  const TemporaryDirectory directory;
  directory.write("data.mdb.damaged-20200101T000000", "an older one");
  directory.write("data.mdb", std::string(20000, 'x'));
  expect_error(ErrorKind::io, {"data.mdb is damaged", "pdmp cache clear"},
               [&] { KeyStore::open(directory.path(), kMap, OnDamage::refuse); });
  EXPECT_EQ(read_file(directory / "data.mdb"), std::string(20000, 'x'));
  put(*KeyStore::open(directory.path(), kMap), "k", "one");
  ASSERT_EQ(set_aside_in(directory).size(), 1u);
  EXPECT_EQ(read_file(directory / set_aside_in(directory)[0]), std::string(20000, 'x'));
  KeyStore::remove(directory.path());
  EXPECT_TRUE(set_aside_in(directory).empty());
}

TEST(KeyStore, AFileOfAnotherFormatIsSetAside) {
  const TemporaryDirectory directory;
  {
    const auto store = KeyStore::open(directory.path(), kMap);
    Transaction transaction(*store, Access::write);
    transaction.put(Table::totals, "format", "1");
    transaction.commit();
  }
  expect_error(ErrorKind::io, {"another version of pdmp"},
               [&] { KeyStore::open(directory.path(), kMap, OnDamage::refuse); });
  put(*KeyStore::open(directory.path(), kMap), "k", "one");
  EXPECT_EQ(set_aside_in(directory).size(), 1u);
}

TEST(KeyStore, LeavesALargeValueWhoseHeaderIsDamaged) {
  const TemporaryDirectory directory;
  const std::string value(10000, 'v');
  {
    const auto store = KeyStore::open(directory.path(), kMap);
    put(*store, "k", value);
    put(*store, "l", value);
  }
  std::string bytes = read_file(directory / "data.mdb");
  const size_t header = bytes.find(value) - 16;
  bytes[header + 12] = static_cast<char>(bytes[header + 12] ^ 1);  // the number of its pages
  directory.write("data.mdb", bytes);
  const auto store = KeyStore::open(directory.path(), kMap);
  Transaction transaction(*store, Access::write);
  EXPECT_NE(transaction.erase(Table::entries, "k"), transaction.erase(Table::entries, "l"));
}

TEST(KeyStore, IsRemovedOnlyWhereNobodyHasItOpen) {
  const TemporaryDirectory directory;
  auto store = KeyStore::open(directory.path(), kMap);
  put(*store, "k", "one");
  EXPECT_TRUE(KeyStore::is_there(directory.path()));
  expect_error(ErrorKind::io, {"in use"}, [&] { KeyStore::remove(directory.path()); });
  store.reset();
  KeyStore::remove(directory.path());
  EXPECT_FALSE(KeyStore::is_there(directory.path()));
  EXPECT_EQ(get(*KeyStore::open(directory.path(), kMap), "k"), "nothing");
}

}  // namespace
}  // namespace pdmp::data
