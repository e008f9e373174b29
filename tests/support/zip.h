// Zip archives of chosen members, stored or deflated, for tests.
#pragma once

#include <string>
#include <utility>
#include <vector>
#include <zlib.h>

namespace pdmp::testing {

inline std::string little(uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 255);
  return text;
}

inline std::string deflated(const std::string& content) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, content.size()), '\0');
  std::string in = content;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}

// As zipfile of Python writes them; numpy.savez adds the sizes as 64 bits to the local headers, which readers of the
// central directory do not look at.
inline std::string zip(const std::vector<std::pair<std::string, std::string>>& members, bool deflate = false) {
  std::string archive, directory;
  for (const auto& [name, content] : members) {
    const std::string data = deflate ? deflated(content) : content;
    const auto crc = crc32(0, reinterpret_cast<const Bytef*>(content.data()), static_cast<uInt>(content.size()));
    const std::string facts = little(0, 2) + little(deflate ? 8 : 0, 2) + little(0, 4) + little(crc, 4) +
                              little(data.size(), 4) + little(content.size(), 4) + little(name.size(), 2);
    directory += std::string("PK\x01\x02") + little(20, 2) + little(20, 2) + facts + little(0, 2) + little(0, 2) +
                 little(0, 2) + little(0, 2) + little(0, 4) + little(archive.size(), 4) + name;
    archive += std::string("PK\x03\x04") + little(20, 2) + facts + little(0, 2) + name + data;
  }
  const std::string end = std::string("PK\x05\x06") + little(0, 4) + little(members.size(), 2) +
                          little(members.size(), 2) + little(directory.size(), 4) + little(archive.size(), 4) +
                          little(0, 2);
  return archive + directory + end;
}

}  // namespace pdmp::testing
