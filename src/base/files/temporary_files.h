// Names of files that are being written, and what killed processes left of them: .NAME.PID-N.tmp beside NAME.
#pragma once

#include <filesystem>

namespace pdmp {

// A name beside `path` that no file has.
std::filesystem::path temporary_beside(const std::filesystem::path& path);

// Removes the temporaries in `folder`, not below it. `locked`: the caller holds the lock of whoever writes there, so
// all of them are left over; else only those whose process is gone. A folder that is not there has none.
void remove_temporaries(const std::filesystem::path& folder, bool locked);

}  // namespace pdmp
