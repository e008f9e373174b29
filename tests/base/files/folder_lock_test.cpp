#include "base/files/folder_lock.h"

#include <csignal>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/files/file.h"
#include "support/expect_error.h"
#include "support/temporary_directory.h"

namespace pdmp {
namespace {

using testing::expect_error;

TEST(FolderLock, TheSecondIsToldWhoWorksThere) {
  const testing::TemporaryDirectory folder;
  const std::string process = fmt::format("another process ({} on ", getpid());
  {
    const FolderLock first(folder.path(), "wait");
    expect_error(ErrorKind::busy, {folder.path().string(), process, "works there; wait"},
                 [&] { FolderLock(folder.path(), "wait"); });
    expect_error(ErrorKind::busy, {process}, [&] { FolderLock::expect_free(folder.path(), "wait"); });
  }
  EXPECT_NO_THROW(FolderLock::expect_free(folder.path(), ""));
  EXPECT_EQ(read_file(folder / "lock"), "") << "a run directory may be published";
  EXPECT_NO_THROW(FolderLock(folder.path(), ""));
}

TEST(FolderLock, AFileThatIsThereLocksNothing) {
  const testing::TemporaryDirectory folder;
  folder.write("lock", "1 elsewhere\n");  // of a process that was killed
  EXPECT_NO_THROW(FolderLock::expect_free(folder.path(), ""));
  EXPECT_NO_THROW(FolderLock(folder.path(), ""));
}

TEST(FolderLock, LookingMakesNothing) {
  const testing::TemporaryDirectory folder;
  FolderLock::expect_free(folder.path(), "");
  FolderLock::expect_free(folder / "none", "");
  EXPECT_FALSE(std::filesystem::exists(folder / "lock"));
  expect_error(ErrorKind::io, {"none/lock"}, [&] { FolderLock(folder / "none", ""); });
}

TEST(FolderLock, AKilledProcessHoldsNothing) {
  const testing::TemporaryDirectory folder;
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    const FolderLock lock(folder.path(), "");
    [[maybe_unused]] const ssize_t told = write(ready[1], "x", 1);
    pause();
    _exit(0);
  }
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  expect_error(ErrorKind::busy, {fmt::format("({} on ", child)}, [&] { FolderLock::expect_free(folder.path(), ""); });
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_NO_THROW(FolderLock(folder.path(), ""));
  close(ready[0]);
  close(ready[1]);
}

}  // namespace
}  // namespace pdmp
