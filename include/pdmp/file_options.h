// Limits for the files that a data set names, for data from untrusted sources.
#pragma once

#include <cstdint>
#include <string>

namespace pdmp {

class OptionList;

// How large the files of a data set may be, how long reading may take, and where they may lie.
struct FileOptions {
  int64_t max_file_mib = 1024;   // largest file that is read, in MiB; in [1, 1048576]
  double max_file_seconds = 60;  // time limit for reading and decoding one file, in seconds; in (0, 86400]
  bool untrusted = false;        // refuse a "root" outside the folder of the data set with Error{data}
  std::string media = "strict";  // strict | lenient: lenient also reads damaged images that Pillow reads
  void describe(OptionList& list);
};

}  // namespace pdmp
