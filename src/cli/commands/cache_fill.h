// Filling a sample cache, for `pdmp cache fill` and `pdmp prepare --cache`.
#pragma once

#include <ostream>
#include <string>

#include "pdmp/file_options.h"
#include "pdmp/options.h"

namespace pdmp::cli {

struct CacheFillOptions {
  std::string data, cache;
  double gib;    // as DataOptions has it
  int64_t jobs;  // one a core
  uint64_t seed = 0;
  bool keys = false;
  FileOptions files;

  CacheFillOptions();
  void describe_cache(OptionList& list);  // --cache and --cache-gib
  void check_cache() const;               // Error{io} where --cache names what is there and no folder
};

// Decodes the data set into the cache. With `keys` `out` gets the key of each entry once it is on disk, a line each.
// What does not decode is warned of. Error{io} where the cache cannot keep all.
void fill_cache_with(const CacheFillOptions& options, std::ostream& out);

}  // namespace pdmp::cli
