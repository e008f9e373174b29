// metrics.jsonl and timing.jsonl: appended to, synced before a checkpoint counts on them.
#include "train/files/run_log.h"

#include <fmt/format.h>

#include "base/files/file.h"
#include "pdmp/error.h"

namespace pdmp::training {
namespace {

namespace fs = std::filesystem;

std::string content_of(const fs::path& path) { return fs::exists(path) ? read_file(path) : std::string(); }

}  // namespace

void RunLog::know() {
  if (digest_) return;
  const std::string content = content_of(path_);
  digest_.emplace().add(content);
  bytes_ = content.size();
}

void RunLog::append(const nlohmann::json& line) {
  know();
  const std::string text = line.dump();
  append_line(path_, text);
  digest_->add(text).add("\n");
  bytes_ += text.size() + 1;
}

FileDigest RunLog::sync() {
  know();
  if (bytes_ > 0) sync_file(path_);
  return {bytes_, digest_->hex()};
}

void RunLog::check(const FileDigest& beginning) const {
  const std::string content = content_of(path_);
  if (content.size() < beginning.bytes) {
    throw Error(ErrorKind::data, fmt::format("{}: expected at least the {} bytes the checkpoint counts on, found {}; "
                                             "the file was cut",
                                             path_.string(), beginning.bytes, content.size()));
  }
  check_digest(path_, std::string_view(content).substr(0, beginning.bytes), beginning,
               "its lines would not be those of this run");
}

void RunLog::cut_back(uint64_t bytes) {
  digest_.reset();
  std::error_code error;
  const uint64_t size = fs::file_size(path_, error);
  if (error || size <= bytes) return;
  fs::resize_file(path_, bytes, error);
  if (error) {
    throw Error(ErrorKind::io,
                fmt::format("{}: can't cut it back to its checkpoint: {}", path_.string(), error.message()));
  }
}

}  // namespace pdmp::training
