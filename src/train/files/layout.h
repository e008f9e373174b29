// Names of the files and folders of a run (docs/run-directory.md).
#pragma once

#include <filesystem>

namespace pdmp::training::run_layout {

// In the run directory.
inline constexpr const char* kConfig = "config.toml";
inline constexpr const char* kEnvironment = "environment.json";
inline constexpr const char* kData = "data.json";
inline constexpr const char* kModel = "model.json";
inline constexpr const char* kAnalysis = "analysis.json";
inline constexpr const char* kMetrics = "metrics.jsonl";
inline constexpr const char* kTiming = "timing.jsonl";
inline constexpr const char* kPredictions = "predictions.csv";
inline constexpr const char* kSummary = "summary.json";  // written last
inline constexpr const char* kLock = "lock";
inline constexpr const char* kAlone = "alone";        // runs of the modalities alone, for a method's teachers
inline constexpr const char* kUnimodal = "unimodal";  // what the modality analysis trained
inline constexpr const char* kCheckpoints = "checkpoints";

// In checkpoints/.
inline constexpr const char* kLast = "last";
inline constexpr const char* kPrevious = "previous";
inline constexpr const char* kBest = "best";
inline constexpr const char* kFresh = "new";  // being written

// In the folders of checkpoints/.
inline constexpr const char* kCheckpointIndex = "checkpoint.json";  // of last/ and previous/
inline constexpr const char* kBestIndex = "best.json";
inline constexpr const char* kWeights = "weights.safetensors";
inline constexpr const char* kMethodWeights = "method.safetensors";
inline constexpr const char* kAveragedWeights = "ema.safetensors";
inline constexpr const char* kAveragedMethodWeights = "ema_method.safetensors";
inline constexpr const char* kState = "state.safetensors";

inline bool is_finished(const std::filesystem::path& run) { return std::filesystem::exists(run / kSummary); }

}  // namespace pdmp::training::run_layout
