// A folder in which one process works at a time.
#pragma once

#include <filesystem>
#include <string>

namespace pdmp {

// Holds FOLDER/lock from construction to destruction. It is a lock of the open file (F_OFD_SETLK), which the kernel
// releases when the process ends in whatever way; a file that is there locks nothing. While it is held the file says by
// whom.
class FolderLock {
 public:
  // Makes the file. Error{busy} where another process holds the lock, with its number and host where the file has them;
  // `advice` ends the sentence. Error{io} where the file can't be written.
  FolderLock(const std::filesystem::path& folder, const std::string& advice);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

  // The same Error{busy}; nothing is locked or made. For those who only look.
  static void expect_free(const std::filesystem::path& folder, const std::string& advice);

 private:
  int file_;
};

}  // namespace pdmp
