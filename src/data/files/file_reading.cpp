// Opens files of unknown origin without trusting their kind, size or place.
#include "data/files/file_reading.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "base/files/descriptor.h"
#include "base/signal.h"
#include "data/files/damaged_files.h"
#include "data/files/media_file.h"
#include "pdmp/error.h"

namespace pdmp::data {
namespace {

namespace fs = std::filesystem;

const char* kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a named pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return S_ISCHR(mode) || S_ISBLK(mode) ? "a device" : "no regular file";
}

[[noreturn]] void refuse_errno(const fs::path& path, std::string_view expected, int code) {
  if (code == ENOENT || code == ENOTDIR)
    refuse_media(path, expected, "no such file", "correct the path or empty its cell");
  refuse_media(path, expected, std::generic_category().message(code));
}

// Where an open descriptor really is, links resolved.
fs::path place_of(int descriptor, const fs::path& path) {
  std::error_code code;
  fs::path place = fs::read_symlink(fmt::format("/proc/self/fd/{}", descriptor), code);
  return code ? fs::canonical(path, code) : place;
}

// `place`: an O_PATH descriptor, which follows links but opens nothing.
void check_descriptor(int place, const fs::path& path, std::string_view expected, const FileLimits& limits) {
  if (limits.folders.empty()) return;
  const fs::path found = place_of(place, path);
  const auto holds = [&](const fs::path& folder) { return is_inside(found, folder); };
  if (std::any_of(limits.folders.begin(), limits.folders.end(), holds)) return;
  refuse_media(path, fmt::format("{} inside the data set's folder '{}'", expected, limits.folders.front().string()),
               "a path that leads out of it", limits.elsewhere);
}

// Whether the path as it is written lies in one of the folders. Where no part of it is a link, that is where it leads.
bool seems_inside(const fs::path& path, const FileLimits& limits) {
  if (!path.is_absolute() || path.native().find("/..") != std::string::npos) return false;
  return std::any_of(limits.folders.begin(), limits.folders.end(),
                     [&](const fs::path& folder) { return is_inside(path, folder); });
}

// O_PATH: links are followed, nothing is opened. Error{data} where it leads out of the folders.
Descriptor open_place(const fs::path& path, std::string_view expected, const FileLimits& limits) {
  if (seems_inside(path, limits)) {
    // Most files, and several times as quick as to ask where a descriptor is.
    open_how how = {};
    how.flags = O_PATH | O_CLOEXEC;
    how.resolve = RESOLVE_NO_SYMLINKS;
    Descriptor plain(static_cast<int>(syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof(how))));
    if (plain.number() >= 0) return plain;
  }
  Descriptor place(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (place.number() >= 0) check_descriptor(place.number(), path, expected, limits);
  return place;
}

}  // namespace

FileLimits::FileLimits(const FileOptions& options)
    : max_bytes(options.max_file_mib << 20),
      max_seconds(options.max_file_seconds),
      lenient(options.media == "lenient") {}

FileReading::FileReading(fs::path path, const FileLimits& limits)
    : path_(std::move(path)), limits_(limits), start_(std::chrono::steady_clock::now()) {}

double FileReading::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

// A training step that was under way when the signal came ends as usual: its files take milliseconds.
bool FileReading::is_over() const {
  constexpr double kPatience = 1;
  const double taken = seconds();
  return taken > limits_.max_seconds || (taken > kPatience && interrupted());
}

void FileReading::check() const {
  if (!is_over()) return;
  if (interrupted()) throw Error(ErrorKind::interrupted, fmt::format("stopped while reading '{}'", path_.string()));
  refuse_media(path_, fmt::format("a file that is read and decoded within {:g} s", limits_.max_seconds),
               "one that takes longer", "empty its cell, or allow more with `max-file-seconds`");
}

bool FileReading::accepts(const std::string& damage) const {
  if (limits_.lenient) damaged_files().add(path_, damage);
  return limits_.lenient;
}

InputFile::InputFile(const FileReading& reading, std::string_view expected) : reading_(reading), expected_(expected) {
  const fs::path& path = reading.path();
  const Descriptor place = open_place(path, expected, reading.limits());
  struct stat status = {};
  if (place.number() < 0 || fstat(place.number(), &status) != 0) refuse_errno(path, expected, errno);
  if (!S_ISREG(status.st_mode)) refuse_media(path, expected, kind_of(status.st_mode), "name a regular file");
  size_ = status.st_size;
  if (size_ > reading.limits().max_bytes) refuse_size(size_);
  Descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat opened = {};
  if (file.number() < 0 || fstat(file.number(), &opened) != 0) refuse_errno(path, expected, errno);
  if (opened.st_dev != status.st_dev || opened.st_ino != status.st_ino)
    refuse_media(path, expected, "a file that was replaced while it was opened", "try again");
  descriptor_ = file.release();
}

InputFile::~InputFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

int64_t InputFile::read_at(int64_t offset, char* target, int64_t count) const {
  while (true) {
    const ssize_t done = pread(descriptor_, target, static_cast<size_t>(count), offset);
    if (done >= 0 || errno != EINTR) return done;
  }
}

bool InputFile::read_blocks(const std::function<void(std::string_view block)>& take) const {
  constexpr int64_t kBlock = 1 << 18;
  std::string block(static_cast<size_t>(std::min(size_ + 1, kBlock)), '\0');
  for (int64_t at = 0;;) {
    const int64_t count = read_at(at, block.data(), static_cast<int64_t>(block.size()));
    if (count <= 0) return count == 0;
    at += count;
    take(std::string_view(block).substr(0, static_cast<size_t>(count)));
  }
}

// In blocks, so that a slow disk does not outlast the limit unnoticed.
void InputFile::read_all(const std::function<void(std::string_view block)>& take) const {
  int64_t bytes = 0;
  const bool whole = read_blocks([&](std::string_view block) {
    reading_.check();
    bytes += static_cast<int64_t>(block.size());
    if (bytes > reading_.limits().max_bytes) refuse_size(bytes);
    take(block);
  });
  if (!whole) refuse_errno(reading_.path(), expected_, errno);
}

std::string InputFile::read_all() const {
  std::string bytes;
  bytes.reserve(static_cast<size_t>(size_) + 1);
  read_all([&](std::string_view block) { bytes += block; });
  return bytes;
}

void InputFile::refuse_size(int64_t bytes) const {
  refuse_media(reading_.path(), fmt::format("{} of at most {} MiB", expected_, reading_.limits().max_bytes >> 20),
               fmt::format("{} MiB", bytes >> 20), "replace the file, or allow more with `max-file-mib`");
}

void check_place(const fs::path& path, std::string_view expected, const FileLimits& limits) {
  if (!limits.folders.empty()) open_place(path, expected, limits);
}

bool is_inside(const fs::path& path, const fs::path& folder) {
  const std::string &inner = path.native(), &outer = folder.native();
  if (!inner.starts_with(outer)) return false;
  return inner.size() == outer.size() || outer.ends_with('/') || inner[outer.size()] == '/';
}

}  // namespace pdmp::data
