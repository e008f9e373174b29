// A library to preload that makes one call of the system fail: tests/faults/fault_sweep.py.
//
//   PDMP_FAULT_UNDER    calls count that concern a file below this folder
//   PDMP_FAULT_CALLS    of these names: "write,pwrite,writev"
//   PDMP_FAULT_AT       the number of the call that fails, from 1; 0: none, all are only noted in the log
//   PDMP_FAULT_ERROR    ENOSPC, EIO, EINTR, or short: the call writes half of what it is given
//   PDMP_FAULT_LASTING  1: every call from that one on fails, as on a full disk
//   PDMP_FAULT_COUNTER  file of 8 bytes that counts, over the process and its children
//   PDMP_FAULT_LOG      gets a line for each call that failed: its number, its name, its path
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

namespace {

enum class Fault { none, fail, halve };

struct Plan {
  std::string under, calls, log;
  uint64_t at = 0;
  int error = 0;  // 0: short
  bool lasting = false;
  std::atomic<uint64_t>* counter = nullptr;
};

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string between_commas(const std::string& text) {
  std::string result = ",";  // g++ 12 warns of "," + text
  return result.append(text).append(",");
}

int error_of(const std::string& name) {
  if (name == "ENOSPC") return ENOSPC;
  if (name == "EINTR") return EINTR;
  return name == "short" ? 0 : EIO;
}

// Nothing below may go through the calls that are replaced here.
std::atomic<uint64_t>* shared_counter(const std::string& path) {
  const auto file = static_cast<int>(syscall(SYS_openat, AT_FDCWD, path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (file < 0 || syscall(SYS_ftruncate, file, sizeof(uint64_t)) != 0) return nullptr;
  const long address = syscall(SYS_mmap, nullptr, sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  syscall(SYS_close, file);
  return address < 0 && address > -4096 ? nullptr : reinterpret_cast<std::atomic<uint64_t>*>(address);
}

const Plan& plan() {
  static const Plan one = [] {
    Plan plan;
    plan.under = variable("PDMP_FAULT_UNDER");
    plan.calls = between_commas(variable("PDMP_FAULT_CALLS"));
    plan.log = variable("PDMP_FAULT_LOG");
    plan.at = std::strtoull(variable("PDMP_FAULT_AT").c_str(), nullptr, 10);
    plan.error = error_of(variable("PDMP_FAULT_ERROR"));
    plan.lasting = variable("PDMP_FAULT_LASTING") == "1";
    if (!plan.under.empty()) plan.counter = shared_counter(variable("PDMP_FAULT_COUNTER"));
    return plan;
  }();
  return one;
}

std::string path_of(int file) {
  char name[64], path[4096];
  std::snprintf(name, sizeof(name), "/proc/self/fd/%d", file);
  const ssize_t size = readlink(name, path, sizeof(path));
  return size < 0 ? "" : std::string(path, static_cast<size_t>(size));
}

void note(const char* call, const std::string& path, uint64_t number) {
  const auto file = static_cast<int>(
      syscall(SYS_openat, AT_FDCWD, plan().log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  if (file < 0) return;
  const std::string line = std::to_string(number) + " " + call + " " + path + "\n";
  syscall(SYS_write, file, line.data(), line.size());
  syscall(SYS_close, file);
}

Fault decide(const char* call, const std::string& path) {
  const Plan& now = plan();
  if (now.counter == nullptr || path.compare(0, now.under.size(), now.under) != 0) return Fault::none;
  if (now.calls.find(between_commas(call)) == std::string::npos) return Fault::none;
  const uint64_t number = now.counter->fetch_add(1) + 1;
  const bool chosen = now.at == 0 || (now.lasting ? number >= now.at : number == now.at);
  if (!chosen) return Fault::none;
  note(call, path, number);
  if (now.at == 0) return Fault::none;
  errno = now.error;
  return now.error == 0 ? Fault::halve : Fault::fail;
}

bool fails(const char* call, const std::string& path) { return decide(call, path) == Fault::fail; }
bool fails(const char* call, int file) {
  const int before = errno;
  const bool failing = file >= 0 && fails(call, path_of(file));
  if (!failing) errno = before;
  return failing;
}

template <class Function>
Function* next(const char* name, Function*) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

std::string absolute(const char* path) {
  if (path == nullptr || path[0] == '/') return path == nullptr ? "" : path;
  char folder[4096];
  return getcwd(folder, sizeof(folder)) == nullptr ? path : std::string(folder) + "/" + path;
}

bool writes(int flags) { return (flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT) != 0; }

mode_t mode_of(int flags, va_list arguments) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? static_cast<mode_t>(va_arg(arguments, int)) : 0;
}

// As many bytes as the call is to write; -1 where it fails.
ssize_t granted(const char* call, int file, size_t bytes) {
  const int before = errno;
  const Fault fault = file > STDERR_FILENO ? decide(call, path_of(file)) : Fault::none;
  if (fault == Fault::fail) return -1;
  errno = before;
  return static_cast<ssize_t>(fault == Fault::halve ? bytes / 2 : bytes);
}

}  // namespace

#define OPENING(name)                                                             \
  int name(const char* path, int flags, ...) {                                    \
    va_list arguments;                                                            \
    va_start(arguments, flags);                                                   \
    const mode_t mode = mode_of(flags, arguments);                                \
    va_end(arguments);                                                            \
    if (writes(flags) && fails("open", absolute(path))) return -1;                \
    static auto* const real = next(#name, static_cast<decltype(&name)>(nullptr)); \
    return real(path, flags, mode);                                               \
  }
#define OPENING_AT(name)                                                          \
  int name(int folder, const char* path, int flags, ...) {                        \
    va_list arguments;                                                            \
    va_start(arguments, flags);                                                   \
    const mode_t mode = mode_of(flags, arguments);                                \
    va_end(arguments);                                                            \
    if (writes(flags) && fails("open", absolute(path))) return -1;                \
    static auto* const real = next(#name, static_cast<decltype(&name)>(nullptr)); \
    return real(folder, path, flags, mode);                                       \
  }
#define STREAM(name)                                                                           \
  FILE* name(const char* path, const char* mode) {                                             \
    if (std::strpbrk(mode, "wa+") != nullptr && fails("open", absolute(path))) return nullptr; \
    static auto* const real = next(#name, static_cast<decltype(&name)>(nullptr));              \
    return real(path, mode);                                                                   \
  }
#define PWRITE(name, offset_type)                                                 \
  ssize_t name(int file, const void* bytes, size_t size, offset_type at) {        \
    const ssize_t count = granted("pwrite", file, size);                          \
    static auto* const real = next(#name, static_cast<decltype(&name)>(nullptr)); \
    return count < 0 ? -1 : real(file, bytes, static_cast<size_t>(count), at);    \
  }
#define TRUNCATE(name, offset_type)                                               \
  int name(int file, offset_type size) noexcept {                                 \
    if (fails("ftruncate", file)) return -1;                                      \
    static auto* const real = next(#name, static_cast<decltype(&name)>(nullptr)); \
    return real(file, size);                                                      \
  }
#define MAP(name, offset_type)                                                                      \
  void* name(void* at, size_t size, int access, int flags, int file, offset_type offset) noexcept { \
    if (fails("mmap", file)) return MAP_FAILED;                                                     \
    static auto* const real = next(#name, static_cast<decltype(&name)>(nullptr));                   \
    return real(at, size, access, flags, file, offset);                                             \
  }
#define ON_FILE(name)                                                             \
  int name(int file) {                                                            \
    if (fails(#name, file)) return -1;                                            \
    static auto* const real = next(#name, static_cast<decltype(&name)>(nullptr)); \
    return real(file);                                                            \
  }
#define ON_TWO_PATHS(name)                                                        \
  int name(const char* from, const char* to) noexcept {                           \
    if (fails(#name, absolute(to))) return -1;                                    \
    static auto* const real = next(#name, static_cast<decltype(&name)>(nullptr)); \
    return real(from, to);                                                        \
  }

extern "C" {

OPENING(open)
OPENING(open64)
OPENING_AT(openat)
OPENING_AT(openat64)
STREAM(fopen)
STREAM(fopen64)
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)
MAP(mmap, off_t)
MAP(mmap64, off64_t)
ON_FILE(fsync)
ON_FILE(fdatasync)
ON_TWO_PATHS(rename)
ON_TWO_PATHS(link)
ON_TWO_PATHS(symlink)

ssize_t write(int file, const void* bytes, size_t size) {
  const ssize_t count = granted("write", file, size);
  static auto* const real = next("write", static_cast<decltype(&write)>(nullptr));
  return count < 0 ? -1 : real(file, bytes, static_cast<size_t>(count));
}

ssize_t writev(int file, const iovec* parts, int count) {
  const ssize_t bytes = granted("writev", file, 2);
  static auto* const real = next("writev", static_cast<decltype(&writev)>(nullptr));
  if (bytes < 0) return -1;
  return bytes == 2 || count == 0 ? real(file, parts, count) : write(file, parts[0].iov_base, parts[0].iov_len / 2);
}

int mkdir(const char* path, mode_t mode) noexcept {
  if (fails("mkdir", absolute(path))) return -1;
  static auto* const real = next("mkdir", static_cast<decltype(&mkdir)>(nullptr));
  return real(path, mode);
}

int renameat(int from_folder, const char* from, int to_folder, const char* to) noexcept {
  if (fails("rename", absolute(to))) return -1;
  static auto* const real = next("renameat", static_cast<decltype(&renameat)>(nullptr));
  return real(from_folder, from, to_folder, to);
}

}  // extern "C"
