// Libraries of the user's, loaded before anything asks for a table (pdmp/plugin.h).
#pragma once

#include <string>
#include <vector>

namespace pdmp::cli {

// Takes every --plugin FILE out of `args`, loads it and lets it register what it has. Error{usage} where the file is no
// library for this pdmp.
void load_plugins(std::vector<std::string>& args);

// `--plugin FILE` of each that was loaded, for a process that does part of the work.
std::vector<std::string> plugin_arguments();

}  // namespace pdmp::cli
