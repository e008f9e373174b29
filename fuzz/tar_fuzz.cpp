// Any bytes as a tar archive: refused with an error, or members that lie within it under names that stay below a
// folder.
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <unistd.h>

#include "data/importers/own/tar.h"
#include "pdmp/error.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::filesystem::path archive =
      std::filesystem::temp_directory_path() / ("tar_fuzz." + std::to_string(getpid()) + ".tar");
  std::ofstream(archive, std::ios::binary | std::ios::trunc)
      .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  try {
    for (const pdmp::data::TarMember& member : pdmp::data::read_tar(archive)) {
      if (member.offset > size || member.size > size - member.offset) std::abort();
      const std::string_view expected(reinterpret_cast<const char*>(data) + member.offset, member.size);
      if (pdmp::data::read_tar_member(archive, member, size) != expected) std::abort();
      const std::filesystem::path name = member.name;
      if (name.empty() || name.is_absolute()) std::abort();
      for (const std::filesystem::path& part : name) {
        if (part == "..") std::abort();
      }
    }
  } catch (const pdmp::Error& error) {
    if (std::string_view(error.what()).empty()) std::abort();
  }
  return 0;
}
