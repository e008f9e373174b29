#include "base/file.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "base/temporary_files.h"
#include "pdmp/error.h"

namespace pdmp {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const char* action, const fs::path& path, int code) {
  throw Error(ErrorKind::io,
              fmt::format("cannot {} '{}': {}", action, path.string(), std::generic_category().message(code)));
}

// An open file descriptor, closed at the end of its scope.
class Descriptor {
 public:
  Descriptor(const fs::path& path, int flags, const char* action)
      : number_(open(path.c_str(), flags | O_CLOEXEC, 0666)) {
    if (number_ < 0) fail(action, path, errno);
  }
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int number() const { return number_; }

 private:
  int number_;
};

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

void write_through(const fs::path& path, std::string_view content, int flags, bool sync) {
  const Descriptor file(path, O_WRONLY | flags, "write");
  if (const int code = write_all(file.number(), content)) fail("write", path, code);
  if (sync && fsync(file.number()) != 0) fail("write", path, errno);
}

}  // namespace

std::string read_file(const fs::path& path) {
  const Descriptor file(path, O_RDONLY, "read");
  struct stat status = {};
  if (fstat(file.number(), &status) != 0) fail("read", path, errno);
  std::string content;
  content.reserve(static_cast<size_t>(status.st_size) + 1);
  std::string block(size_t{1} << 16, '\0');
  while (true) {
    const ssize_t count = read(file.number(), block.data(), block.size());
    if (count == 0) return content;
    if (count > 0) {
      content.append(block, 0, static_cast<size_t>(count));
    } else if (errno != EINTR) {
      fail("read", path, errno);
    }
  }
}

void write_file_atomically(const fs::path& path, std::string_view content) {
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  // /dev/stdout and pipes are written to; a rename would put a file in their place.
  if (fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status)) {
    write_through(path, content, 0, false);
    return;
  }
  // What a link points to is replaced, not the link.
  const fs::path target = fs::exists(status) && fs::is_symlink(path, ignored) ? fs::canonical(path, ignored) : path;
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
  const Descriptor file(folder, O_RDONLY | O_DIRECTORY, "open folder");
  if (fsync(file.number()) != 0 && errno != EINVAL) fail("sync folder", folder, errno);
}

void sync_file(const fs::path& path) {
  const Descriptor file(path, O_RDONLY, "open");
  if (fdatasync(file.number()) != 0) fail("write", path, errno);
}

void sync_file_system(const fs::path& path) {
  const Descriptor file(path, O_RDONLY, "open");
  if (syncfs(file.number()) != 0) fail("write to disk", path, errno);
}

void append_line(const fs::path& path, std::string_view line) {
  const Descriptor file(path, O_RDWR | O_APPEND | O_CREAT, "append to");
  struct stat status = {};
  if (fstat(file.number(), &status) != 0) fail("append to", path, errno);
  if (const int code = write_all(file.number(), std::string(line) + "\n")) {
    // Half a line would spoil the file for its readers.
    if (S_ISREG(status.st_mode) && ftruncate(file.number(), status.st_size) != 0) fail("cut back", path, errno);
    fail("append to", path, code);
  }
}

nlohmann::json read_json(const fs::path& path) {
  const std::string content = read_file(path);
  constexpr int kDeepest = 100;  // dump() and other walks call themselves once a level
  const auto limit = [&](int depth, nlohmann::json::parse_event_t, const nlohmann::json&) {
    if (depth > kDeepest)
      throw Error(ErrorKind::data, fmt::format("{}: expected JSON, found lists or objects nested more than {} deep",
                                               path.string(), kDeepest));
    return true;
  };
  try {
    return nlohmann::json::parse(content, limit);
  } catch (const nlohmann::json::parse_error& error) {
    const std::string before = content.substr(0, error.byte == 0 ? 0 : error.byte - 1);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const size_t column = before.size() - (before.rfind('\n') == std::string::npos ? 0 : before.rfind('\n') + 1) + 1;
    const std::string what = error.what();
    const size_t reason = what.find(": ");
    throw Error(ErrorKind::data, fmt::format("{}:{}:{}: expected JSON: {}", path.string(), line, column,
                                             reason == std::string::npos ? what : what.substr(reason + 2)));
  } catch (const nlohmann::json::out_of_range& error) {  // a number that no double holds
    throw Error(ErrorKind::data, fmt::format("{}: expected JSON: {}", path.string(), error.what()));
  }
}

void write_json(const fs::path& path, const nlohmann::json& value) {
  std::string text;
  try {
    text = value.dump(2) + "\n";
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
