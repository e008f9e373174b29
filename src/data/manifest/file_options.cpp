// The options of files, described once for all commands.
#include "pdmp/file_options.h"

#include "pdmp/options.h"

namespace pdmp {

void FileOptions::describe(OptionList& list) {
  constexpr double kMostMib = 1 << 20, kMostSeconds = 86400;
  list.add("max-file-mib", &max_file_mib, "Size from which on a file that the data set names is not read, in MiB.")
      .at_least(1)
      .at_most(kMostMib)
      .advanced();
  list.add("max-file-seconds", &max_file_seconds, "Seconds after which reading and decoding one file is given up.")
      .above(0)
      .at_most(kMostSeconds)
      .advanced();
  list.add("untrusted", &untrusted,
           "Refuse a data set that reads files outside its own folder (a \"root\" that leads out of it).")
      .advanced();
  list.add("media", &media,
           "Damaged images that Pillow reads all the same: strict refuses them, lenient takes Pillow's pixels and "
           "counts "
           "them.")
      .one_of({"strict", "lenient"})
      .advanced();
}

}  // namespace pdmp
