#include "base/log.h"

#include <atomic>
#include <cstdio>
#include <memory>
#include <mutex>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "base/printable.h"

namespace pdmp {
namespace {

std::atomic<bool> quiet = false;

// stderr with its status line. One lock for both, so that a message of another thread never lands inside a bar.
struct Screen {
  std::mutex mutex;
  std::string status;
  spdlog::logger logger{"pdmp", std::make_shared<spdlog::sinks::stderr_sink_st>()};

  Screen() { logger.set_pattern("%v"); }

  static Screen& instance() {
    static Screen screen;
    return screen;
  }

  void erase_status() const {
    if (!status.empty()) std::fputs("\r\x1B[K", stderr);
  }

  void draw_status() const {
    if (!status.empty()) std::fputs(status.c_str(), stderr);
    std::fflush(stderr);
  }
};

void write(spdlog::level::level_enum level, const std::string& message) {
  Screen& screen = Screen::instance();
  const std::lock_guard lock(screen.mutex);
  screen.erase_status();
  screen.logger.log(level, spdlog::string_view_t(message.data(), message.size()));
  screen.logger.flush();
  screen.draw_status();
}

}  // namespace

void log_info(const std::string& message) {
  if (!quiet) write(spdlog::level::info, message_line(message));
}

void log_lines(const std::string& text) {
  if (!quiet) write(spdlog::level::info, printable_lines(text.substr(0, text.find_last_not_of('\n') + 1)));
}

void log_warning(const std::string& message) { write(spdlog::level::warn, "pdmp: warning: " + message_line(message)); }

void set_quiet(bool on) { quiet = on; }

bool is_quiet() { return quiet; }

void show_status(const std::string& line) {
  Screen& screen = Screen::instance();
  const std::lock_guard lock(screen.mutex);
  screen.erase_status();
  screen.status = printable(line);
  screen.draw_status();
}

}  // namespace pdmp
