// The command line's recorder: messages and progress bars on stderr, and in a log file each message with its time and
// level. Never stdout, which belongs to results. Where stderr is no terminal, progress is a plain line now and then
// (every 10 s and at the end).
#pragma once

#include <filesystem>
#include <memory>

#include "base/session.h"

namespace spdlog::sinks {
class sink;
}

namespace pdmp {

// From here on threads without a session of their own speak through the console.
void install_console();

void set_log_level(LogLevel least);  // what stderr shows, progress counts as info; a log file has everything
bool log_shows(LogLevel level);      // on stderr
// Messages are appended to this file as well from now on; "" ends that. Error{io} where it cannot be written.
void set_log_file(const std::filesystem::path& path);
// Where messages go instead of stderr; null: stderr. Returns the one before.
std::shared_ptr<spdlog::sinks::sink> set_log_sink(std::shared_ptr<spdlog::sinks::sink> sink);

}  // namespace pdmp
