// Decoding a data set once, so that its first epoch is as fast as the others.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/cache/sample_cache.h"
#include "data/manifest/manifest.h"

namespace pdmp::data {

struct CacheFill {
  int64_t cells = 0, failed = 0;     // of modalities that use a cache
  std::vector<std::string> reasons;  // of the first failures, with their samples, in the order of the manifest
};

// Loads every cell as its split is used, train as training does and the others as evaluation, with `jobs` threads and a
// progress bar, and commits. Of a video whose frames training draws at random, those of one draw are kept; the others
// as they come up. Error{interrupted} after Ctrl-C, with what is done committed.
CacheFill fill_cache(const Manifest& manifest, SampleCache& cache, int64_t jobs);

}  // namespace pdmp::data
