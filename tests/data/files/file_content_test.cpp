#include "data/files/file_content.h"

#include <gtest/gtest.h>

#include "support/temporary_directory.h"

namespace pdmp::data {
namespace {

constexpr int64_t kLater = 4'000'000'000;  // seconds: long after any file was written

TEST(FileContent, IsTheHashAndWhatTellsAChange) {
  const testing::TemporaryDirectory directory;
  const auto file = directory.write("a", "abc");
  const auto content = hash_file(file, kLater);
  ASSERT_TRUE(content);
  EXPECT_EQ(content->hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(content->identity.size, 3);
  EXPECT_TRUE(content->settled);
  EXPECT_TRUE(has_content(file, *content));
  directory.write("a", "abcd");
  EXPECT_FALSE(has_content(file, *content));
}

// The inode's own time cannot be set back.
TEST(FileContent, AChangeIsSeenWhereTheTimeIsSetBack) {
  const testing::TemporaryDirectory directory;
  const auto file = directory.write("a", "abc");
  const auto time = std::filesystem::last_write_time(file) - std::chrono::hours(1);
  std::filesystem::last_write_time(file, time);
  const auto before = identify_file(file);
  std::ofstream(file) << "xyz";
  std::filesystem::last_write_time(file, time);
  EXPECT_EQ(identify_file(file)->modified, before->modified);
  EXPECT_FALSE(identify_file(file) == before);
}

TEST(FileContent, AFreshFileIsNotTrusted) {
  constexpr int64_t kSecond = 1'000'000'000;
  const FileIdentity identity{1, 100 * kSecond, 90 * kSecond, 7};
  EXPECT_FALSE(is_settled(identity, 100));
  EXPECT_FALSE(is_settled(identity, 102));
  EXPECT_TRUE(is_settled(identity, 103));
  EXPECT_FALSE(is_settled(identity, 50));  // a time to come
  EXPECT_FALSE(is_settled({1, 90 * kSecond, 100 * kSecond, 7}, 102));

  // What was read within the moment is read again.
  const testing::TemporaryDirectory directory;
  const auto file = directory.write("a", "abc");
  auto content = hash_file(file, 0);
  EXPECT_FALSE(content->settled);
  EXPECT_TRUE(has_content(file, *content));
  content->hash[0] = 'x';
  EXPECT_FALSE(has_content(file, *content));
}

TEST(FileContent, WhatIsNoFileHasNone) {
  const testing::TemporaryDirectory directory;
  EXPECT_FALSE(identify_file(directory / "gone"));
  EXPECT_FALSE(identify_file(directory.path()));
  EXPECT_FALSE(hash_file(directory / "gone", kLater));
}

}  // namespace
}  // namespace pdmp::data
