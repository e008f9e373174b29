// .npy files of chosen element type and shape, for tests.
#pragma once

#include <string>
#include <vector>

namespace pdmp::testing {

// descr as NumPy writes it ("<f4"); shape as Python prints it ("(2, 16)"); values: raw bytes.
inline std::string npy(const std::string& descr, const std::string& shape, const std::string& values) {
  std::string header = "{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + shape + ", }";
  header.resize((header.size() + 10 + 1 + 63) / 64 * 64 - 10 - 1, ' ');
  header += '\n';
  std::string result("\x93NUMPY\x01\0", 8);
  result += static_cast<char>(header.size() & 255);
  result += static_cast<char>(header.size() >> 8);
  return result + header + values;
}

inline std::string npy(const std::string& shape, const std::vector<float>& values) {
  return npy("<f4", shape, std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)));
}

}  // namespace pdmp::testing
