#include "base/files/folder_lock.h"

#include <cerrno>
#include <climits>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <unistd.h>

#include "base/files/descriptor.h"
#include "pdmp/error.h"

namespace pdmp {
namespace {

namespace fs = std::filesystem;

fs::path file_of(const fs::path& folder) { return folder / "lock"; }

struct flock whole_file(short type) {
  struct flock lock = {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

std::string host_name() {
  char name[HOST_NAME_MAX + 1] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "";
}

// "another process", or "another process (1234 on myhost)" where the file says so.
std::string holder(const fs::path& file) {
  std::ifstream stream(file);
  int64_t process = 0;
  std::string host;
  if (!(stream >> process >> host)) return "another process";
  return fmt::format("another process ({} on {})", process, host);
}

[[noreturn]] void refuse(const fs::path& folder, const std::string& advice) {
  throw Error(ErrorKind::busy, fmt::format("{}: {} works there; {}", folder.string(), holder(file_of(folder)), advice));
}

[[noreturn]] void fail(const fs::path& file, int code) {
  throw Error(ErrorKind::io, fmt::format("{}: can't be locked: {}", file.string(), std::strerror(code)));
}

}  // namespace

FolderLock::FolderLock(const fs::path& folder, const std::string& advice) {
  const fs::path path = file_of(folder);
  Descriptor file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (file.number() < 0) fail(path, errno);
  struct flock lock = whole_file(F_WRLCK);
  if (fcntl(file.number(), F_OFD_SETLK, &lock) != 0) {
    if (errno == EAGAIN || errno == EACCES) refuse(folder, advice);
    fail(path, errno);
  }
  const std::string text = fmt::format("{} {}\n", getpid(), host_name());
  // For people alone: a full disk is said by what needs it.
  static_cast<void>(ftruncate(file.number(), 0) == 0 && pwrite(file.number(), text.data(), text.size(), 0) > 0);
  file_ = file.release();
}

// A run directory may be published: no host stays in it.
FolderLock::~FolderLock() {
  static_cast<void>(ftruncate(file_, 0) == 0);
  close(file_);
}

void FolderLock::expect_free(const fs::path& folder, const std::string& advice) {
  const Descriptor file(open(file_of(folder).c_str(), O_RDONLY | O_CLOEXEC));
  if (file.number() < 0) return;
  struct flock lock = whole_file(F_RDLCK);  // a write lock would want a file that is open for writing
  if (fcntl(file.number(), F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK) refuse(folder, advice);
}

}  // namespace pdmp
