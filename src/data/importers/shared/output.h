// The folder an importer writes: refused where it holds something else, resumed where it is half done, and a data set
// only once its dataset.json is there, which comes last.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

namespace pdmp::data {

class ImporterOutput {
 public:
  // `settings`: whatever the content depends on. Throws Error{io} where `directory` is there and is neither empty nor
  // of an importer, or holds a complete data set of other settings, unless `overwrite`.
  ImporterOutput(std::filesystem::path directory, const nlohmann::json& settings, bool overwrite);

  bool is_done_already() const;  // the data set is complete: nothing is left to do, and the log says so
  const std::filesystem::path& directory() const { return directory_; }

  // Makes one file of the data set with write(temporary path), atomically; one that an earlier run of the same settings
  // left is kept. Safe to call from several threads for different files.
  template <class Write>
  void make(const std::filesystem::path& relative, const Write& write) const {
    const auto file = directory_ / relative;
    if (reusable(file)) return;
    const auto temporary = prepare(file);
    write(temporary);
    commit(temporary, file);
  }

  // The data set is complete from here on.
  void finish(const nlohmann::json& dataset) const;

 private:
  bool reusable(const std::filesystem::path& file) const;
  static std::filesystem::path prepare(const std::filesystem::path& file);
  static void commit(const std::filesystem::path& temporary, const std::filesystem::path& file);

  std::filesystem::path directory_;
  bool complete_ = false, same_settings_ = false;
};

}  // namespace pdmp::data
