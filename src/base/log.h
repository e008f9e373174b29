// What the program tells people: one line per message on stderr, through spdlog. Never on stdout, which belongs to results.
#pragma once

#include <string>

namespace pdmp {

void log_info(const std::string& message);      // "message"
void log_warning(const std::string& message);   // "pdmp: warning: message"
void set_quiet(bool quiet);                     // --quiet: warnings only
bool is_quiet();

}  // namespace pdmp
