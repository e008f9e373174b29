#include "data/files/file_content.h"

#include <algorithm>
#include <sys/stat.h>

#include "base/files/sha256.h"
#include "pdmp/error.h"

namespace pdmp::data {
namespace {

constexpr int64_t kNanoseconds = 1'000'000'000;

int64_t nanoseconds(const timespec& time) { return time.tv_sec * kNanoseconds + time.tv_nsec; }

}  // namespace

std::optional<FileIdentity> identify_file(const std::filesystem::path& path) {
  struct stat status = {};
  if (stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  return FileIdentity{status.st_size, nanoseconds(status.st_mtim), nanoseconds(status.st_ctim), status.st_ino};
}

bool is_settled(const FileIdentity& identity, int64_t now) {
  constexpr int64_t kTooFresh = 2;
  return std::max(identity.modified, identity.changed) < (now - kTooFresh) * kNanoseconds;
}

std::string sha256_of_file(const std::filesystem::path& path, const FileLimits& limits) {
  const FileReading reading(path, limits);
  Sha256 hash;
  InputFile(reading, "a file").read_all([&](std::string_view block) { hash.add(block); });
  return hash.hex();
}

std::optional<FileContent> hash_file(const std::filesystem::path& path, int64_t now, const FileLimits& limits) {
  const std::optional<FileIdentity> before = identify_file(path);
  if (!before) return std::nullopt;
  try {
    FileContent content{*before, sha256_of_file(path, limits), is_settled(*before, now)};
    if (identify_file(path) == before) return content;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    // Whoever decodes the file says what is wrong with it.
  }
  return std::nullopt;
}

bool has_content(const std::filesystem::path& path, const FileContent& content, const FileLimits& limits) {
  if (identify_file(path) != content.identity) return false;
  if (content.settled) return true;
  const std::optional<FileContent> again = hash_file(path, 0, limits);
  return again && again->hash == content.hash;
}

}  // namespace pdmp::data
