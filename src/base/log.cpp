#include "base/log.h"

#include "base/session.h"
#include "base/text/printable.h"

namespace pdmp {
namespace {

void log(LogLevel level, const std::string& message) {
  if (level == LogLevel::info && info_is_silent()) return;
  tell_recorder([&](Recorder& recorder) { recorder.on_log(level, message); });
}

}  // namespace

void log_info(const std::string& message) { log(LogLevel::info, message_line(message)); }

void log_lines(const std::string& text) {
  log(LogLevel::info, printable_lines(text.substr(0, text.find_last_not_of('\n') + 1)));
}

void log_warning(const std::string& message) { log(LogLevel::warning, message_line(message)); }

void log_error(const std::string& message) { log(LogLevel::error, message_line(message)); }

}  // namespace pdmp
