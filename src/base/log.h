// What the program tells people, through spdlog: on stderr one line per message, in a log file each with its time and
// level. Never on stdout, which belongs to results. Whatever a message quotes arrives as base/text/printable.h shows
// it.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

namespace spdlog::sinks {
class sink;
}

namespace pdmp {

enum class LogLevel { info, warning, error };

void log_info(const std::string& message);     // "message"
void log_lines(const std::string& text);       // a table: its lines as they are, without empty ones at the end
void log_warning(const std::string& message);  // "pdmp: warning: message"
void log_error(const std::string& message);    // "pdmp: message"

void set_log_level(LogLevel least);  // what stderr shows; a log file has everything
bool log_shows(LogLevel level);      // on stderr; progress counts as info
// Messages are appended to this file as well from now on; "" ends that. Error{io} where it cannot be written.
void set_log_file(const std::filesystem::path& path);
// Where messages go instead of stderr, for programs that have a log of their own; null: stderr. Returns the one before.
std::shared_ptr<spdlog::sinks::sink> set_log_sink(std::shared_ptr<spdlog::sinks::sink> sink);

// While it lives, info goes nowhere and there is no progress.
class SilentInfo {
 public:
  SilentInfo();
  ~SilentInfo();
  SilentInfo(const SilentInfo&) = delete;
  SilentInfo& operator=(const SilentInfo&) = delete;
};

// The last line of a terminal: messages go above it, a new one replaces it, "" removes it. For terminals only.
void show_status(const std::string& line);

}  // namespace pdmp
