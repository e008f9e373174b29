// NumPy's .npz: a zip archive of .npy files.
#pragma once

#include <string>
#include <string_view>

namespace pdmp::data {

class FileReading;

bool is_npz(std::string_view bytes);

// The .npy file in an archive of one array, stored or deflated. Error{data} naming the file where there are none or
// several, or one that is damaged, encrypted, compressed otherwise or larger than the limits let a file be.
std::string unpack_npz(const FileReading& reading, std::string_view archive);

}  // namespace pdmp::data
