#include "base/files/checked_file.h"

#include <gtest/gtest.h>

#include "base/files/file.h"
#include "support/expect_error.h"
#include "support/temporary_directory.h"

namespace pdmp {
namespace {

using testing::expect_error;
using testing::TemporaryDirectory;

TEST(CheckedFile, JsonRoundTripsWithoutItsDigest) {
  const TemporaryDirectory directory;
  const nlohmann::json value = {{"a", 0.1 + 0.2}, {"b", {1, -2, nullptr}}, {"c", "text"}};
  write_checked_json(directory / "a.json", value);
  EXPECT_EQ(read_json(directory / "a.json").at("digest").get<std::string>().size(), 32u);
  EXPECT_EQ(read_checked_json(directory / "a.json", "restore it"), value);
}

// XXH3-128 of {"a":1}, from xxhsum -H2.
TEST(CheckedFile, DigestIsThatOfTheCompactDump) {
  const TemporaryDirectory directory;
  write_checked_json(directory / "a.json", {{"a", 1}});
  EXPECT_EQ(read_json(directory / "a.json").at("digest"), "3c8c141663acf5a1b6b7137162fa70fb");
}

TEST(CheckedFile, EveryFlippedBitIsFoundOrChangesNothing) {
  const TemporaryDirectory directory;
  const nlohmann::json value = {{"loss", 0.25}, {"epoch", 3}, {"name", "x"}};
  const auto file = directory / "a.json";
  write_checked_json(file, value);
  const std::string content = read_file(file);
  int found = 0;
  for (size_t bit = 0; bit < 8 * content.size(); ++bit) {
    std::string damaged = content;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    write_file_atomically(file, damaged);
    try {
      nlohmann::json read = read_checked_json(file, "restore it");
      // Where the name of the digest was hit, the file is one written by hand.
      for (const char* name : {"loss", "epoch", "name"}) EXPECT_EQ(read.at(name), value.at(name)) << damaged;
      EXPECT_THROW(read_checked_json(file, "restore it", true), Error) << damaged;
    } catch (const Error&) {
      ++found;
    }
  }
  EXPECT_GT(found, static_cast<int>(4 * content.size()));
}

TEST(CheckedFile, WhatIsNoObjectIsNamed) {
  const TemporaryDirectory directory;
  for (const auto& [content, found] : {std::pair{"[]", "a list"}, {"null", "null"}, {"3", "the whole number 3"}}) {
    expect_error(ErrorKind::data, {"a.json", "expected a JSON object", found, "restore it"},
                 [&] { read_checked_json(directory.write("a.json", content), "restore it"); });
  }
  expect_error(ErrorKind::data, {"a.json:1:"},
               [&] { read_checked_json(directory.write("a.json", "{"), "restore it"); });
}

TEST(CheckedFile, LinesCarryTheirDigest) {
  const std::string text = with_digest_line("lr = 0.1\n[pdmp]\ngamma = 3\n");
  EXPECT_EQ(digest_line_problem(text), "");
  EXPECT_EQ(digest_line_problem("lr = 0.1\n"), "");  // by hand
  std::string edited = text;
  edited[5] = '9';
  EXPECT_NE(digest_line_problem(edited), "");
  EXPECT_EQ(digest_line_problem(edited.substr(0, edited.rfind('#'))), "");
}

TEST(CheckedFile, AFileThatAnIndexListsIsChecked) {
  const TemporaryDirectory directory;
  write_checked_json(directory / "best.json", {{"files", {{"w", to_json(file_digest_of("abc"))}}}});
  EXPECT_NO_THROW(check_listed_file(directory / "w", "abc"));
  EXPECT_NO_THROW(check_listed_file(directory / "other", "abd"));
  expect_error(ErrorKind::data, {"/w", "3 bytes"}, [&] { check_listed_file(directory / "w", "abd"); });
}

}  // namespace
}  // namespace pdmp
