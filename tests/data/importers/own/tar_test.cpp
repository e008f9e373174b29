#include "data/importers/own/tar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/importers/own_media_miniature.h"
#include "support/expect_error.h"
#include "support/temporary_directory.h"

namespace pdmp::data {
namespace {

using testing::expect_error;
using testing::TemporaryDirectory;

using testing::tar_end;
using testing::tar_member;

std::vector<std::string> names(const std::filesystem::path& archive) {
  std::vector<std::string> result;
  for (const TarMember& member : read_tar(archive)) result.push_back(member.name);
  return result;
}

TEST(Tar, MembersAndTheirContent) {
  const TemporaryDirectory directory;
  const auto file =
      directory.write("a.tar", tar_member("folder/", "", '5') + tar_member("./folder/a.txt", "first") +
                                   tar_member("b", std::string(600, 'b')) + tar_member("c", "") + tar_end());
  EXPECT_EQ(names(file), (std::vector<std::string>{"folder/a.txt", "b", "c"}));
  EXPECT_EQ(read_tar_member(file, read_tar(file)[0], 5), "first");
  EXPECT_THROW(read_tar_member(file, read_tar(file)[0], 4), Error);
  EXPECT_EQ(read_tar_member(file, read_tar(file)[1], 600), std::string(600, 'b'));
}

TEST(Tar, LongNamesOfGnuAndPax) {
  const TemporaryDirectory directory;
  const std::string name = std::string(150, 'n') + ".jpg";
  const std::string record = "164 path=" + name + "\n";
  ASSERT_EQ(record.size(), 164u);
  const auto file = directory.write("a.tar", tar_member("././@LongLink", name + '\0', 'L') + tar_member("short", "1") +
                                                 tar_member("header", record, 'x') + tar_member("short", "2") +
                                                 tar_member("plain", "3") + tar_end());
  EXPECT_EQ(names(file), (std::vector<std::string>{name, name, "plain"}));
}

TEST(Tar, DamagedOnesAreRecognised) {
  const TemporaryDirectory directory;
  const std::string good = tar_member("a", std::string(700, 'x')) + tar_end();
  const auto refuse = [&](const std::string& content, const std::string& word) {
    const auto file = directory.write("bad.tar", content);
    expect_error(ErrorKind::data, {"bad.tar", word}, [&] { read_tar(file); });
  };
  refuse("", "empty");
  refuse("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS pointer");
  refuse("\x1f\x8b\x08 zipped", "compressed");
  refuse(good.substr(0, 900), "cut within 'a'");
  refuse(good.substr(0, 512 + 1024), "end of the archive is missing");
  refuse("x" + good.substr(1), "damaged");
  refuse(std::string(4096, 'x'), "damaged");
}

TEST(Tar, NamesThatLeadElsewhereAreRefused) {
  const TemporaryDirectory directory;
  for (const std::string name : {"/etc/passwd", "../a", "a/../../b", "a\\b"}) {
    const auto file = directory.write("bad.tar", tar_member(name, "x") + tar_end());
    expect_error(ErrorKind::data, {"bad.tar", name, "not unpacked"}, [&] { read_tar(file); });
  }
  EXPECT_EQ(names(directory.write("a.tar", tar_member("a;b", "x") + tar_end())), std::vector<std::string>{"a;b"});
  const auto link = directory.write("bad.tar", tar_member("link", "", '2') + tar_end());
  expect_error(ErrorKind::data, {"'link'", "no plain file"}, [&] { read_tar(link); });
}

}  // namespace
}  // namespace pdmp::data
