// Members of a tar archive (ustar, GNU long names, pax paths), found without unpacking it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace pdmp::data {

struct TarMember {
  std::string name;     // without a leading "./"
  uint64_t offset = 0;  // of its content in the archive
  uint64_t size = 0;
};

// Plain files in the order of the archive. Error{data} naming the archive: a Git LFS pointer, compressed, no tar, cut
// (also between members: the end of archive is missing), damaged headers, links, and names that are absolute, hold
// "..", backslashes or control characters. Error{io} where it cannot be read.
std::vector<TarMember> read_tar(const std::filesystem::path& archive);

// Error{data} where it has more than `most` bytes.
std::string read_tar_member(const std::filesystem::path& archive, const TarMember& member, uint64_t most);
// Block by block into a file, whatever its size.
void extract_tar_member(const std::filesystem::path& archive, const TarMember& member,
                        const std::filesystem::path& target);

}  // namespace pdmp::data
