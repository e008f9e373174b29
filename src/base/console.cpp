#include "base/console.h"

#include <cstdio>
#include <fmt/format.h>
#include <map>
#include <mutex>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/progress.h"
#include "base/text/option_names.h"
#include "base/text/printable.h"
#include "pdmp/error.h"

namespace pdmp {
namespace {

using Sink = std::shared_ptr<spdlog::sinks::sink>;

constexpr double kPlainSeconds = 10;

int64_t terminal_width() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

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

const char* prefix_of(LogLevel level) {
  switch (level) {
    case LogLevel::info:
      return "";
    case LogLevel::warning:
      return "pdmp: warning: ";
    case LogLevel::error:
      break;
  }
  return "pdmp: ";
}

Sink stderr_sink() {
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_st>();
  sink->set_pattern("%v");
  return sink;
}

void put(spdlog::sinks::sink& sink, LogLevel level, const std::string& message) {
  sink.log(spdlog::details::log_msg("pdmp", level_of(level), spdlog::string_view_t(message.data(), message.size())));
  sink.flush();
}

// stderr with its status line, and the log file. One lock for all, so that a message of another thread never lands
// inside a bar.
class Console : public Recorder {
 public:
  // Errors are the program's own and come as they are to be shown.
  void on_log(LogLevel level, const std::string& message) override {
    const std::lock_guard lock(mutex_);
    write(level, prefix_of(level) + (level == LogLevel::error ? message : with_flags(message)));
  }

  void on_progress(const ProgressReport& report) override {
    const std::lock_guard lock(mutex_);
    if (LogLevel::info < least_) return;
    const bool terminal = isatty(STDERR_FILENO) == 1;
    ProgressNumbers numbers{report.label, report.unit, report.note, report.done, report.total, report.seconds};
    if (terminal && !report.last) {
      show_status(progress_line(numbers, terminal_width() - 1));
      return;
    }
    if (!terminal && !is_due(report)) return;
    if (terminal) show_status("");
    numbers.bar = false;  // of a line that stays
    write(LogLevel::info, progress_line(numbers, terminal ? terminal_width() : 0));
  }

  void set_level(LogLevel least) {
    const std::lock_guard lock(mutex_);
    least_ = least;
  }

  bool shows(LogLevel level) {
    const std::lock_guard lock(mutex_);
    return level >= least_;
  }

  void set_file(Sink file) {
    const std::lock_guard lock(mutex_);
    file_ = std::move(file);
  }

  Sink set_sink(Sink sink) {
    const std::lock_guard lock(mutex_);
    std::swap(sink_, sink);
    if (!sink_) sink_ = stderr_sink();
    return sink;
  }

 private:
  // Whether a plain line of this progress is to be written now.
  bool is_due(const ProgressReport& report) {
    if (report.last) {
      written_.erase(report.label);
      return true;
    }
    double& written = written_[report.label];
    if (report.seconds < written) written = 0;  // another piece of work of this name
    if (report.seconds - written < kPlainSeconds) return false;
    written = report.seconds;
    return true;
  }

  void write(LogLevel level, const std::string& line) {
    if (file_) put(*file_, level, line);
    if (level < least_) return;
    erase_status();
    put(*sink_, level, line);
    draw_status();
  }

  // The last line of a terminal: messages go above it, a new one replaces it, "" removes it.
  void show_status(const std::string& line) {
    erase_status();
    status_ = printable(line);
    draw_status();
  }

  void erase_status() const {
    if (!status_.empty()) std::fputs("\r\x1B[K", stderr);
  }

  void draw_status() const {
    if (!status_.empty()) std::fputs(status_.c_str(), stderr);
    std::fflush(stderr);
  }

  std::mutex mutex_;
  std::string status_;
  std::map<std::string, double> written_;  // label of a progress -> seconds of its last plain line
  LogLevel least_ = LogLevel::info;
  Sink sink_ = stderr_sink(), file_;
};

const std::shared_ptr<Console>& console() {
  static const auto console = std::make_shared<Console>();
  return console;
}

}  // namespace

void install_console() { set_program_recorder(console()); }

void set_log_level(LogLevel least) { console()->set_level(least); }

bool log_shows(LogLevel level) { return console()->shows(level); }

void set_log_file(const std::filesystem::path& path) {
  Sink file;
  try {
    if (!path.empty()) file = std::make_shared<spdlog::sinks::basic_file_sink_st>(path.string());
  } catch (const spdlog::spdlog_ex& error) {
    throw Error(ErrorKind::io, fmt::format("`log-file`: expected a file that can be written, found {}", error.what()));
  }
  if (file) file->set_pattern("%Y-%m-%d %H:%M:%S.%e %l %v");
  console()->set_file(std::move(file));
}

Sink set_log_sink(Sink sink) { return console()->set_sink(std::move(sink)); }

}  // namespace pdmp
