// One media file being read: what that may cost, where the file may lie, and when to stop.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "pdmp/file_options.h"

namespace pdmp::data {

struct FileLimits {
  FileLimits() : FileLimits(FileOptions()) {}
  explicit FileLimits(const FileOptions& options);

  int64_t max_bytes;
  double max_seconds;
  bool lenient;  // damaged images that Pillow reads are read as well
  // Canonical. A file lies in one of them once all its links are followed. Empty: it may lie anywhere.
  std::vector<std::filesystem::path> folders;
  // What to do about a file that lies elsewhere.
  const char* elsewhere =
      "copy the file there; media that lie elsewhere need a \"root\" for their modality in dataset.json";
};

class FileReading {
 public:
  // Time begins to run. `limits` must outlive it.
  FileReading(std::filesystem::path path, const FileLimits& limits);

  const std::filesystem::path& path() const { return path_; }
  const FileLimits& limits() const { return limits_; }

  // Whether to stop: the time is over, or the program was asked to end (signal.h) and the file takes long enough for
  // somebody to wait for it. Cheap enough for every packet or row.
  bool is_over() const;
  // Error{data} naming file and limit, or Error{interrupted}, where it is over.
  void check() const;

  // Of a file that is damaged but could be decoded: whether that is to be done. It is counted then (damaged_files.h).
  bool accepts(const std::string& damage) const;

 private:
  double seconds() const;

  std::filesystem::path path_;
  const FileLimits& limits_;
  std::chrono::steady_clock::time_point start_;
};

// A regular file, open. Never a pipe, socket or device, which could hold whoever opens or reads it, or never end.
class InputFile {
 public:
  // Error{data} naming the file, `expected` and what is in its place: nothing, another kind of file, one that is too
  // large or empty or (unopened) one that lies outside the folders of the limits.
  InputFile(const FileReading& reading, std::string_view expected);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  int64_t size() const { return size_; }
  // As pread: how many bytes, 0 at the end, below 0 with errno where that fails.
  int64_t read_at(int64_t offset, char* target, int64_t count) const;
  // All bytes, block by block; false, with errno, where reading fails.
  bool read_blocks(const std::function<void(std::string_view block)>& take) const;
  // All bytes, also block by block. Error{data} where that fails, the file grows beyond the limit meanwhile, or the
  // reading is over.
  std::string read_all() const;
  void read_all(const std::function<void(std::string_view block)>& take) const;

 private:
  [[noreturn]] void refuse_size(int64_t bytes) const;

  const FileReading& reading_;
  std::string expected_;
  int descriptor_ = -1;
  int64_t size_ = 0;
};

// Error{data} where the file or folder `path` leads out of the folders of `limits`; what is not there is left to
// others.
void check_place(const std::filesystem::path& path, std::string_view expected, const FileLimits& limits);

// Whether `path` is `folder` or below it; both canonical.
bool is_inside(const std::filesystem::path& path, const std::filesystem::path& folder);

}  // namespace pdmp::data
