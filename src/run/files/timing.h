// What timing.jsonl of a run says (docs/run-directory.md).
#pragma once

#include <filesystem>
#include <string>

namespace pdmp::runs {

// Seconds of all finished epochs, whichever process trained them. Lines that a full disk cut are left out.
double seconds_trained(const std::filesystem::path& timing);

// A table of the phases that `train --profile` timed: mean seconds an epoch and share of the whole, the longest first.
// "" where no epoch was timed.
std::string phase_text(const std::filesystem::path& timing);

}  // namespace pdmp::runs
