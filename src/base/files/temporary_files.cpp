// Temporary files beside the files they become.
#include "base/files/temporary_files.h"

#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <fmt/format.h>
#include <optional>
#include <string>
#include <string_view>
#include <unistd.h>

namespace pdmp {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kEnding = ".tmp";

// The process in ".NAME.PID-N.tmp"; nothing for other names.
std::optional<pid_t> owner_of(std::string_view name) {
  if (!name.starts_with('.') || !name.ends_with(kEnding)) return std::nullopt;
  name.remove_suffix(kEnding.size());
  const size_t dot = name.rfind('.'), dash = name.rfind('-');
  if (dot == 0 || dash == std::string_view::npos || dash < dot || dash + 1 == name.size()) return std::nullopt;
  pid_t process = 0;
  const auto [end, error] = std::from_chars(name.data() + dot + 1, name.data() + dash, process);
  if (error != std::errc() || end != name.data() + dash || process <= 0) return std::nullopt;
  return process;
}

// This process writes nothing while it sweeps: a file with its number is of another one, long ago.
bool is_gone(pid_t process) { return process == getpid() || (kill(process, 0) != 0 && errno == ESRCH); }

}  // namespace

fs::path temporary_beside(const fs::path& path) {
  static std::atomic<uint64_t> count = 0;
  fs::path name;
  std::error_code ignored;
  do {
    name = path.parent_path() / fmt::format(".{}.{}-{}{}", path.filename().string(), getpid(), count++, kEnding);
  } while (fs::exists(fs::symlink_status(name, ignored)));  // a killed process may have had the same number
  return name;
}

void remove_temporaries(const fs::path& folder, bool locked) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const std::optional<pid_t> owner = owner_of(entry.path().filename().string());
    std::error_code ignored;
    if (owner && (locked || is_gone(*owner))) fs::remove(entry.path(), ignored);
  }
}

}  // namespace pdmp
