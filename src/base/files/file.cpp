#include "base/files/file.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <limits>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "base/files/descriptor.h"
#include "base/files/json_file.h"
#include "base/files/temporary_files.h"
#include "base/text/printable.h"
#include "pdmp/error.h"

namespace pdmp {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const char* action, const fs::path& path, int code) {
  throw Error(ErrorKind::io,
              fmt::format("cannot {} '{}': {}", action, path.string(), std::generic_category().message(code)),
              {.file = path.string()});
}

int open_file(const fs::path& path, int flags, const char* action) {
  const int file = open(path.c_str(), flags | O_CLOEXEC, 0666);
  if (file < 0) fail(action, path, errno);
  return file;
}

// 0, or the reason why not all of `content` was written.
int write_all(int file, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = write(file, content.data(), content.size());
    if (written >= 0) {
      content.remove_prefix(static_cast<size_t>(written));
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

void sync_folder_of(const fs::path& path) { sync_folder(path.has_parent_path() ? path.parent_path() : fs::path(".")); }

void rename_path(const fs::path& from, const fs::path& to) {
  if (rename(from.c_str(), to.c_str()) != 0) {
    const int code = errno;
    throw Error(ErrorKind::io, fmt::format("cannot rename '{}' to '{}': {}", from.string(), to.string(),
                                           std::generic_category().message(code)));
  }
}

// What a link points to is replaced, not the link.
fs::path replaced_by(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored) && fs::is_symlink(path, ignored) ? fs::canonical(path, ignored) : path;
}

void write_through(const fs::path& path, std::string_view content, int flags, bool sync) {
  const Descriptor file(open_file(path, O_WRONLY | flags, "write"));
  if (const int code = write_all(file.number(), content)) fail("write", path, code);
  if (sync && fsync(file.number()) != 0) fail("write", path, errno);
}

constexpr auto kNoLimit = std::numeric_limits<uint64_t>::max();

struct stat status_of(const Descriptor& file, const fs::path& path) {
  struct stat status = {};
  if (fstat(file.number(), &status) != 0) fail("read", path, errno);
  return status;
}

[[noreturn]] void refuse_size(const fs::path& path, uint64_t most) {
  const bool large = most >= uint64_t{1} << 20;
  throw Error(ErrorKind::data, fmt::format("'{}': expected at most {} {}, found more; make the file smaller",
                                           path.string(), large ? most >> 20 : most >> 10, large ? "MiB" : "KiB"));
}

void read_all(const Descriptor& file, const fs::path& path, uint64_t most,
              const std::function<void(std::string_view)>& take) {
  if (static_cast<uint64_t>(status_of(file, path).st_size) > most) refuse_size(path, most);  // 0 of pipes
  std::string block(size_t{1} << 16, '\0');
  uint64_t total = 0;
  while (true) {
    const ssize_t count = read(file.number(), block.data(), block.size());
    if (count == 0) return;
    if (count > 0) {
      total += static_cast<uint64_t>(count);
      if (total > most) refuse_size(path, most);
      take(std::string_view(block).substr(0, static_cast<size_t>(count)));
    } else if (errno != EINTR) {
      fail("read", path, errno);
    }
  }
}

std::string read_whole(const Descriptor& file, const fs::path& path, uint64_t most) {
  std::string content;
  content.reserve(std::min(static_cast<uint64_t>(status_of(file, path).st_size), most) + 1);
  read_all(file, path, most, [&](std::string_view block) { content += block; });
  return content;
}

// Opening a named pipe waits for its other end; without O_NONBLOCK what it is could not be asked.
void expect_regular(const Descriptor& file, const fs::path& path) {
  const struct stat status = status_of(file, path);
  if (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode)) return;  // reading a folder says so itself
  throw Error(ErrorKind::data, fmt::format("'{}': expected a regular file, found a pipe or device", path.string()));
}

}  // namespace

std::string read_file(const fs::path& path) { return read_regular_file(path, kNoLimit); }

std::string read_file(const fs::path& path, uint64_t most) {
  return read_whole(Descriptor(open_file(path, O_RDONLY, "read")), path, most);
}

std::string read_regular_file(const fs::path& path, uint64_t most) {
  const Descriptor file(open_file(path, O_RDONLY | O_NONBLOCK, "read"));
  expect_regular(file, path);
  return read_whole(file, path, most);
}

void read_blocks(const fs::path& path, uint64_t most, const std::function<void(std::string_view block)>& take) {
  const Descriptor file(open_file(path, O_RDONLY | O_NONBLOCK, "read"));
  expect_regular(file, path);
  read_all(file, path, most, take);
}

void write_file_atomically(const fs::path& path, std::string_view content) {
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  // /dev/stdout and pipes are written to; a rename would put a file in their place.
  if (fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status)) {
    write_through(path, content, 0, false);
    return;
  }
  const fs::path target = replaced_by(path);
  const fs::path temporary = temporary_beside(target);
  try {
    write_through(temporary, content, O_CREAT | O_EXCL, true);
    rename_path(temporary, target);
  } catch (const Error& error) {
    fs::remove(temporary, ignored);
    throw Error(ErrorKind::io, fmt::format("cannot write '{}' ({})", path.string(), error.what()));
  }
  sync_folder_of(target);
}

// File systems that cannot sync a folder say EINVAL.
void sync_folder(const fs::path& folder) {
  const Descriptor file(open_file(folder, O_RDONLY | O_DIRECTORY, "open folder"));
  if (fsync(file.number()) != 0 && errno != EINVAL) fail("sync folder", folder, errno);
}

void sync_file(const fs::path& path) {
  const Descriptor file(open_file(path, O_RDONLY, "open"));
  if (fdatasync(file.number()) != 0) fail("write", path, errno);
}

void sync_file_system(const fs::path& path) {
  const Descriptor file(open_file(path, O_RDONLY, "open"));
  if (syncfs(file.number()) != 0) fail("write to disk", path, errno);
}

FileReplacement::FileReplacement(const fs::path& path)
    : path_(path), target_(replaced_by(path)), temporary_(temporary_beside(target_)) {
  file_ = open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file_ < 0) fail("write", path_, errno);
}

FileReplacement::~FileReplacement() {
  if (file_ < 0) return;
  close(file_);
  std::error_code ignored;
  fs::remove(temporary_, ignored);
}

void FileReplacement::append(std::string_view content) {
  constexpr size_t kBlock = size_t{1} << 20;
  pending_ += content;
  if (pending_.size() >= kBlock) write_pending();
}

void FileReplacement::commit() {
  write_pending();
  if (fsync(file_) != 0) fail("write", path_, errno);
  rename_path(temporary_, target_);
  close(std::exchange(file_, -1));
  sync_folder_of(target_);
}

void FileReplacement::write_pending() {
  if (const int code = write_all(file_, pending_)) fail("write", path_, code);
  pending_.clear();
}

void append_line(const fs::path& path, std::string_view line) {
  const Descriptor file(open_file(path, O_RDWR | O_APPEND | O_CREAT, "append to"));
  struct stat status = {};
  if (fstat(file.number(), &status) != 0) fail("append to", path, errno);
  if (const int code = write_all(file.number(), std::string(line) + "\n")) {
    // Half a line would spoil the file for its readers.
    if (S_ISREG(status.st_mode) && ftruncate(file.number(), status.st_size) != 0) fail("cut back", path, errno);
    fail("append to", path, code);
  }
}

nlohmann::json read_json(const fs::path& path, const JsonLimits& limits) {
  return parse_json_file(path, read_regular_file(path, limits.bytes), limits);
}

void write_json(const fs::path& path, const nlohmann::json& value) {
  std::string text;
  try {
    text = printable_lines(value.dump(2)) + "\n";  // the same document, fit for a terminal
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorKind::data, fmt::format("cannot write '{}' as JSON: {}", path.string(), error.what()));
  }
  write_file_atomically(path, text);
}

void make_directories(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (!error && !fs::is_directory(path)) error = std::make_error_code(std::errc::not_a_directory);
  if (error) fail("make folder", path, error.value());
}

void replace_directory(const fs::path& fresh, const fs::path& target, const fs::path& previous) {
  // Renames only until `target` is new, so that whenever the machine stops one of the two is whole.
  fs::path discarded = previous;
  discarded += ".discarded";
  std::error_code error;
  if (!fs::is_directory(fresh)) fail("put in place", fresh, ENOENT);
  fs::remove_all(discarded, error);
  if (error) fail("remove", discarded, error.value());
  if (fs::exists(target)) {
    if (fs::exists(previous)) rename_path(previous, discarded);
    rename_path(target, previous);
  }
  rename_path(fresh, target);
  sync_folder_of(target);
  fs::remove_all(discarded, error);
  if (error) fail("remove", discarded, error.value());
}

}  // namespace pdmp
