// What the program tells people: one line per message on stderr, through spdlog. Never on stdout, which belongs to
// results. Whatever a message quotes reaches the terminal as base/printable.h shows it.
#pragma once

#include <string>

namespace pdmp {

void log_info(const std::string& message);     // "message"
void log_lines(const std::string& text);       // a table: its lines as they are, without empty ones at the end
void log_warning(const std::string& message);  // "pdmp: warning: message"
void set_quiet(bool quiet);                    // --quiet: warnings only
bool is_quiet();

// The last line of a terminal: messages go above it, a new one replaces it, "" removes it. For terminals only.
void show_status(const std::string& line);

}  // namespace pdmp
