// Options in messages of the library, as a program shows them; see pdmp/error.h.
#pragma once

#include <string>

namespace pdmp {

// As the command line has them: each `name` in backticks becomes --name, where a name is a small letter and then small
// letters, digits and any of ".", "_", "-". Everything else stays, commands like `pdmp train` too.
std::string with_flags(const std::string& message);

}  // namespace pdmp
