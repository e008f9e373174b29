#include "base/files/temporary_files.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/files/file.h"
#include "support/temporary_directory.h"

namespace pdmp {
namespace {

namespace fs = std::filesystem;

constexpr const char* kGone = ".a.json.2147483646-0.tmp";  // no such process: larger than the kernel's largest number

TEST(TemporaryFiles, ThoseOfProcessesThatAreGoneAreRemoved) {
  const testing::TemporaryDirectory directory;
  const std::string living = fmt::format(".a.json.{}-0.tmp", getppid());
  for (const std::string& name : {std::string(kGone), living, std::string(".tmp"), std::string("a.1-0.tmp"),
                                  std::string(".x-1.tmp"), std::string(".a.1-.tmp")}) {
    directory.write(name, "half");
  }
  remove_temporaries(directory.path(), false);
  EXPECT_FALSE(fs::exists(directory / kGone));
  for (const std::string& name :
       {living, std::string(".tmp"), std::string("a.1-0.tmp"), std::string(".x-1.tmp"), std::string(".a.1-.tmp")}) {
    EXPECT_TRUE(fs::exists(directory / name)) << name;
  }
  remove_temporaries(directory.path(), true);
  EXPECT_FALSE(fs::exists(directory / living));
  EXPECT_NO_THROW(remove_temporaries(directory / "nowhere", true));
}

// A process in a container has the same number each time.
TEST(TemporaryFiles, OneLeftByTheSameNumberIsInNobodysWay) {
  const testing::TemporaryDirectory directory;
  const fs::path next = temporary_beside(directory / "a.json");
  const std::string name = next.filename().string();
  const auto count = std::stoull(name.substr(name.rfind('-') + 1));
  for (auto i = count; i < count + 3; ++i) directory.write(fmt::format(".a.json.{}-{}.tmp", getpid(), i), "half");
  EXPECT_NO_THROW(write_file_atomically(directory / "a.json", "whole"));
  EXPECT_EQ(read_file(directory / "a.json"), "whole");
}

}  // namespace
}  // namespace pdmp
