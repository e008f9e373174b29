#include "base/log.h"

#include <cstdio>
#include <fmt/format.h>
#include <mutex>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "base/text/printable.h"
#include "pdmp/error.h"

namespace pdmp {
namespace {

using Sink = std::shared_ptr<spdlog::sinks::sink>;

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      break;
  }
  return spdlog::level::err;
}

Sink stderr_sink() {
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_st>();
  sink->set_pattern("%v");
  return sink;
}

// stderr with its status line, and the log file. One lock for all, so that a message of another thread never lands
// inside a bar.
struct Screen {
  std::mutex mutex;
  std::string status;
  LogLevel least = LogLevel::info;
  int silenced = 0;
  Sink sink = stderr_sink(), file;

  static Screen& instance() {
    static Screen screen;
    return screen;
  }

  bool is_silent(LogLevel level) const { return silenced > 0 && level == LogLevel::info; }
  bool shows(LogLevel level) const { return level >= least && !is_silent(level); }

  void erase_status() const {
    if (!status.empty()) std::fputs("\r\x1B[K", stderr);
  }

  void draw_status() const {
    if (!status.empty()) std::fputs(status.c_str(), stderr);
    std::fflush(stderr);
  }
};

void put(spdlog::sinks::sink& sink, LogLevel level, const std::string& message) {
  sink.log(spdlog::details::log_msg("pdmp", level_of(level), spdlog::string_view_t(message.data(), message.size())));
  sink.flush();
}

void write(LogLevel level, const std::string& message) {
  Screen& screen = Screen::instance();
  const std::lock_guard lock(screen.mutex);
  if (screen.file && !screen.is_silent(level)) put(*screen.file, level, message);
  if (!screen.shows(level)) return;
  screen.erase_status();
  put(*screen.sink, level, message);
  screen.draw_status();
}

}  // namespace

void log_info(const std::string& message) { write(LogLevel::info, message_line(message)); }

void log_lines(const std::string& text) {
  write(LogLevel::info, printable_lines(text.substr(0, text.find_last_not_of('\n') + 1)));
}

void log_warning(const std::string& message) { write(LogLevel::warning, "pdmp: warning: " + message_line(message)); }

void log_error(const std::string& message) { write(LogLevel::error, "pdmp: " + message_line(message)); }

void set_log_level(LogLevel least) {
  Screen& screen = Screen::instance();
  const std::lock_guard lock(screen.mutex);
  screen.least = least;
}

bool log_shows(LogLevel level) {
  Screen& screen = Screen::instance();
  const std::lock_guard lock(screen.mutex);
  return screen.shows(level);
}

void set_log_file(const std::filesystem::path& path) {
  Sink file;
  try {
    if (!path.empty()) file = std::make_shared<spdlog::sinks::basic_file_sink_st>(path.string());
  } catch (const spdlog::spdlog_ex& error) {
    throw Error(ErrorKind::io, fmt::format("--log-file: expected a file that can be written, found {}", error.what()));
  }
  if (file) file->set_pattern("%Y-%m-%d %H:%M:%S.%e %l %v");
  Screen& screen = Screen::instance();
  const std::lock_guard lock(screen.mutex);
  screen.file = std::move(file);
}

Sink set_log_sink(Sink sink) {
  Screen& screen = Screen::instance();
  const std::lock_guard lock(screen.mutex);
  std::swap(screen.sink, sink);
  if (!screen.sink) screen.sink = stderr_sink();
  return sink;
}

SilentInfo::SilentInfo() {
  Screen& screen = Screen::instance();
  const std::lock_guard lock(screen.mutex);
  ++screen.silenced;
}

SilentInfo::~SilentInfo() {
  Screen& screen = Screen::instance();
  const std::lock_guard lock(screen.mutex);
  --screen.silenced;
}

void show_status(const std::string& line) {
  Screen& screen = Screen::instance();
  const std::lock_guard lock(screen.mutex);
  screen.erase_status();
  screen.status = printable(line);
  screen.draw_status();
}

}  // namespace pdmp
