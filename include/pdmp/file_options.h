// What the files that a data set names may cost, and where they may lie: for data from people one does not know.
#pragma once

#include <cstdint>
#include <string>

namespace pdmp {

class OptionList;

struct FileOptions {
  int64_t max_file_mib = 1024;   // size of a file, in MiB
  double max_file_seconds = 60;  // reading and decoding one file
  bool untrusted = false;        // refuse a "root" outside the data set's folder
  std::string media = "strict";  // or "lenient": damaged images that Pillow reads are read as well
  void describe(OptionList& list);
};

}  // namespace pdmp
