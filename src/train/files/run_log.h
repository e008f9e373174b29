// A JSON Lines file of a run, which a resumed run cuts back to its checkpoint and continues.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/files/checked_file.h"
#include "base/files/digest.h"

namespace pdmp::training {

class RunLog {
 public:
  explicit RunLog(std::filesystem::path path) : path_(std::move(path)) {}

  void append(const nlohmann::json& line);
  // Length and digest of all lines, which are on disk afterwards.
  FileDigest sync();
  // Error{data} where the file is shorter than `beginning` or begins with other bytes.
  void check(const FileDigest& beginning) const;
  // Removes what comes after the first `bytes`.
  void cut_back(uint64_t bytes);

 private:
  void know();  // reads what an earlier process left, once

  std::filesystem::path path_;
  std::optional<Digest> digest_;  // of what the file holds
  uint64_t bytes_ = 0;
};

}  // namespace pdmp::training
