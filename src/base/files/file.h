// Files: whole ones are replaced atomically, so a reader or a crash sees the old one or the new one, never half.
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/text/json.h"

namespace pdmp {

// A regular file as a whole: a named pipe would keep the reader waiting, a device has no end. Error{io} naming the file
// and the reason. Error{data} where it has more than `most` bytes (found before they are read), or is a pipe or device.
std::string read_file(const std::filesystem::path& path);
std::string read_regular_file(const std::filesystem::path& path, uint64_t most);
// The same, of pipes too: for files that only the user names (`--config <(command)`).
std::string read_file(const std::filesystem::path& path, uint64_t most);
// Block by block, for files that are not held in memory; a regular file of at most that many bytes, as above.
void read_blocks(const std::filesystem::path& path, uint64_t most,
                 const std::function<void(std::string_view block)>& take);
// Writes beside the target, syncs, renames. A full disk or a read-only folder is Error{io}; the old file stays. A link
// stays and what it points to is replaced; a device or pipe is written to.
void write_file_atomically(const std::filesystem::path& path, std::string_view content);
// A file that is too large for one text: replaced, as above, by what was appended, when it is committed; left as it was
// where it is not.
class FileReplacement {
 public:
  explicit FileReplacement(const std::filesystem::path& path);
  ~FileReplacement();
  FileReplacement(const FileReplacement&) = delete;
  FileReplacement& operator=(const FileReplacement&) = delete;

  void append(std::string_view content);
  void commit();

 private:
  void write_pending();

  std::filesystem::path path_, target_, temporary_;  // path_: as it was given, for messages
  std::string pending_;                              // not written yet
  int file_ = -1;
};
// One write, with the newline; where that fails, the file is cut back to the lines before.
void append_line(const std::filesystem::path& path, std::string_view line);
// What was written to the file before, and its length, are on disk afterwards.
void sync_file(const std::filesystem::path& path);
// Names made, renamed and removed in the folder before are on disk afterwards.
void sync_folder(const std::filesystem::path& folder);
// The whole file system of `path`: everything written to it before is on disk afterwards.
void sync_file_system(const std::filesystem::path& path);
// A regular file. Error{data} with line and column, or with the limit.
nlohmann::json read_json(const std::filesystem::path& path, const JsonLimits& limits = {});
void write_json(const std::filesystem::path& path,
                const nlohmann::json& value);              // atomically, indented, newline at end
void make_directories(const std::filesystem::path& path);  // Error{io} with the reason
// Replaces directory `target` by `fresh` (same file system): target -> previous, fresh -> target, old previous removed.
// Whenever the machine stops, `target` or `previous` is whole; between the two renames it is `previous`, with no
// `target`.
void replace_directory(const std::filesystem::path& fresh, const std::filesystem::path& target,
                       const std::filesystem::path& previous);

}  // namespace pdmp
