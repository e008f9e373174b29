// The version of pdmp. It is written here only: CMake, the program and the package read it from this file.
#pragma once

// Version of these headers, "MAJOR.MINOR.PATCH".
#define PDMP_VERSION "0.1.0"

namespace pdmp {

// Version of the library that is linked. It differs from PDMP_VERSION where the headers are of another release.
const char* version();

}  // namespace pdmp
