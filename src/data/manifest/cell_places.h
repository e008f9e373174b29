// Where the files of a data set may lie: in its own folder, or below the "root" of their modality.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>
#include <vector>

#include "data/files/file_reading.h"

namespace pdmp::data {

struct ModalityEntry;

// Of the folder with dataset.json: for dataset.json and the metadata, which must lie in it.
FileLimits limits_of_folder(const std::filesystem::path& directory, const FileOptions& options);

// One for each modality. A "root" that leads out of the folder, links followed, is warned of, once a process; with
// `options.untrusted` it is Error{data}.
std::vector<FileLimits> limits_of_cells(const std::filesystem::path& directory,
                                        const std::vector<ModalityEntry>& modalities, const FileOptions& options);

// A file of the data set's description, opened once. Error{data} where it is no regular file, has more than `most`
// bytes, or is a link that leads out of the folder.
void read_description(const std::filesystem::path& file, const FileLimits& limits, uint64_t most,
                      const std::function<void(std::string_view block)>& take);

}  // namespace pdmp::data
