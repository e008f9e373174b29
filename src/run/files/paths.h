// Paths in the options of a run, which config.toml keeps: they mean the same file in any working directory.
#pragma once

#include <filesystem>

#include "pdmp/run.h"

namespace pdmp::runs {

// Data set, cache and weights of encoders, which options give relative to the working directory.
void make_paths_absolute(RunOptions& options);

// Whether both name one file or folder, through links too; of what is not there, whether the paths are the same.
bool is_same_file(const std::filesystem::path& a, const std::filesystem::path& b);

// Whether the encoders are the same, where their weights may be named in different ways.
bool are_same_encoders(const NameMap& a, const NameMap& b);

}  // namespace pdmp::runs
