// Starts pdmp-svg and talks to it without ever waiting for it longer than a file may take.
#include "data/svg/svg_process.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

#include "data/files/limits.h"
#include "data/svg/protocol.h"
#include "pdmp/error.h"

namespace pdmp::data {
namespace {

namespace fs = std::filesystem;

constexpr const char* kProgram = "pdmp-svg";

[[noreturn]] void refuse_start(const std::string& what) {
  throw Error(ErrorKind::data,
              fmt::format("expected the program {}, which draws SVG, {}; install it with pdmp, or name "
                          "it in the environment as PDMP_SVG_HELPER",
                          kProgram, what));
}

// Both ends close on exec and are none of the standard descriptors, which the child's are made from.
struct Pipe {
  int read = -1, write = -1;

  Pipe() {
    std::array<int, 2> ends = {-1, -1};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) refuse_start("found no more descriptors for it");
    read = above_standard(ends[0]);
    write = above_standard(ends[1]);
  }
  ~Pipe() {
    for (const int end : {read, write}) {
      if (end >= 0) close(end);
    }
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

 private:
  static int above_standard(int descriptor) {
    if (descriptor > STDERR_FILENO) return descriptor;
    const int other = fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    close(descriptor);
    return other;
  }
};

// posix_spawn's two objects. Signals are as in a fresh process; those sent to a terminal's group do not reach the
// child.
class SpawnSettings {
 public:
  SpawnSettings(int input, int output) {
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawnattr_init(&attributes);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;

  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
};

// While it lives, a broken pipe is an error code on this thread, and nothing else in this process or after it.
class NoPipeSignal {
 public:
  NoPipeSignal() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~NoPipeSignal() {
    const timespec now{};
    while (!was_pending_ && sigtimedwait(&pipe_, nullptr, &now) < 0 && errno == EINTR) {
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  NoPipeSignal(const NoPipeSignal&) = delete;
  NoPipeSignal& operator=(const NoPipeSignal&) = delete;

 private:
  sigset_t pipe_{}, before_{};
  bool was_pending_ = false;
};

double processor_seconds(pid_t process) {
  clockid_t clock{};
  timespec time{};
  if (clock_getcpuclockid(process, &clock) != 0 || clock_gettime(clock, &time) != 0) return 0;
  constexpr double kNanosecond = 1e-9;
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * kNanosecond;
}

std::string printable(std::string text) {
  constexpr size_t kMost = 200;
  text.resize(std::min(text.size(), kMost));
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c > '~'; }, ' ');
  text.erase(text.find_last_not_of(" .") + 1);
  return text;
}

}  // namespace

const char* installed_svg_program = PDMP_SVG_INSTALLED;

// One request and its reply. What throws leaves the process in the middle of something: it must be ended.
class SvgProcess::Exchange {
 public:
  Exchange(const SvgProcess& process, const FileReading& reading)
      : process_(process), reading_(reading), before_(processor_seconds(process.process_)) {}

  void send(const void* source, size_t count) {
    for (const auto* at = static_cast<const char*>(source); count > 0;) {
      const ssize_t done = write(process_.requests_, at, count);
      if (done < 0 && !wait(process_.requests_, POLLOUT)) lost();
      if (done < 0) continue;
      at += done;
      count -= static_cast<size_t>(done);
    }
  }

  void receive(void* target, size_t count) {
    for (auto* at = static_cast<char*>(target); count > 0;) {
      const ssize_t done = read(process_.replies_, at, count);
      if (done == 0 || (done < 0 && !wait(process_.replies_, POLLIN))) lost();
      if (done < 0) continue;
      at += done;
      count -= static_cast<size_t>(done);
    }
  }

 private:
  // After errno. False where waiting is of no use.
  bool wait(int descriptor, int16_t event) {
    if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) return false;
    constexpr int kMilliseconds = 50;
    pollfd entry{descriptor, event, 0};
    if (poll(&entry, 1, kMilliseconds) > 0) return true;
    reading_.check();
    if (processor_seconds(process_.process_) - before_ > kMaxDrawingSeconds + 1) slow();
    return true;
  }

  [[noreturn]] static void slow() {
    throw SvgProcessLost(fmt::format("a drawing that takes more than {} s of the processor", kMaxDrawingSeconds), true);
  }

  // The process is about to be gone.
  [[noreturn]] void lost() {
    siginfo_t info{};
    kill(process_.process_, SIGPIPE);  // one that closed its pipes and lives on
    if (waitid(P_PID, static_cast<id_t>(process_.process_), &info, WEXITED | WNOWAIT) != 0) info = {};
    if (info.si_code == CLD_EXITED) throw SvgProcessLost(fmt::format("exit status {}", info.si_status), false);
    if (info.si_status == SIGPROF || info.si_status == SIGXCPU) slow();
    throw SvgProcessLost(fmt::format("signal {}", info.si_status), false);
  }

  const SvgProcess& process_;
  const FileReading& reading_;
  double before_;
};

fs::path find_svg_program() {
  if (const char* named = std::getenv("PDMP_SVG_HELPER"); named != nullptr && *named != '\0') return named;
  std::error_code code;
  const fs::path folder = fs::read_symlink("/proc/self/exe", code).parent_path();
  const fs::path places[] = {folder / kProgram, folder.parent_path() / "libexec/pdmp" / kProgram,
                             installed_svg_program};
  for (const fs::path& place : places) {
    if (place.is_absolute() && access(place.c_str(), X_OK) == 0) return place;
  }
  refuse_start(fmt::format("found it neither beside this program nor as {}", installed_svg_program));
}

SvgProcess::SvgProcess(const fs::path& program) : owner_(getpid()) {
  constexpr int kCapacity = 1 << 20;  // a drawing of half a thousand pixels square goes through at once
  Pipe requests, replies;
  for (const int end : {requests.write, replies.read}) {
    fcntl(end, F_SETFL, fcntl(end, F_GETFL) | O_NONBLOCK);
    fcntl(end, F_SETPIPE_SZ, kCapacity);  // more than an unprivileged user may have leaves it as it is
  }
  const SpawnSettings settings(requests.read, replies.write);
  std::string name = program.string(), serve = "--serve";
  std::array<char*, 3> arguments = {name.data(), serve.data(), nullptr};
  const int code =
      posix_spawn(&process_, name.c_str(), &settings.actions, &settings.attributes, arguments.data(), environ);
  if (code != 0)
    refuse_start(fmt::format("found '{}', which does not start ({})", name, std::generic_category().message(code)));
  requests_ = std::exchange(requests.write, -1);
  replies_ = std::exchange(replies.read, -1);
}

SvgProcess::~SvgProcess() { end(); }

bool SvgProcess::is_own() const { return owner_ == getpid(); }

void SvgProcess::end() {
  close(requests_);
  close(replies_);
  if (!is_own()) return;
  kill(process_, SIGKILL);
  while (waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

SvgSize SvgProcess::ask(Exchange& exchange, std::string_view svg, int32_t smallest, bool draw) {
  SvgRequest request;
  request.smallest = smallest;
  request.max_pixels = kMaxPixels;
  request.seconds = kMaxDrawingSeconds;
  request.draw = draw ? 1 : 0;
  request.bytes = svg.size();
  exchange.send(&request, sizeof(request));
  exchange.send(svg.data(), svg.size());
  SvgReply reply;
  exchange.receive(&reply, sizeof(reply));
  constexpr uint64_t kLongestText = 1 << 16;
  // What the process says is believed as little as the file it was made from.
  const bool drawn = reply.status == SvgReply::kDrawn;
  const bool sizes = reply.width > 0 && reply.height > 0 && int64_t{reply.width} * int64_t{reply.height} <= kMaxPixels;
  const uint64_t expected = draw ? 4 * static_cast<uint64_t>(reply.width) * static_cast<uint64_t>(reply.height) : 0;
  const bool sound = drawn ? sizes && reply.bytes == expected : reply.bytes <= kLongestText;
  if (reply.magic != SvgRequest::kMagic || !sound) throw SvgProcessLost("an answer that makes no sense", false);
  if (drawn) return {"", reply.width, reply.height};
  std::string text(reply.bytes, '\0');
  exchange.receive(text.data(), text.size());
  text = printable(std::move(text));
  return {text.empty() ? "an unknown problem" : text, 0, 0};
}

SvgSize SvgProcess::draw(const FileReading& reading, std::string_view svg, int32_t smallest, const Begin& begin,
                         const Row& row) {
  constexpr size_t kAtOnce = 1 << 20;
  const NoPipeSignal quiet;
  Exchange exchange(*this, reading);
  SvgSize size = ask(exchange, svg, smallest, true);
  if (!size.problem.empty()) return size;
  begin(size.width, size.height);
  const size_t stride = static_cast<size_t>(size.width) * 4;
  std::vector<uint8_t> rows(std::max(kAtOnce / stride, size_t{1}) * stride);
  const auto together = static_cast<int64_t>(rows.size() / stride);
  for (int64_t first = 0; first < size.height; first += together) {
    const int64_t count = std::min(together, size.height - first);
    exchange.receive(rows.data(), static_cast<size_t>(count) * stride);
    for (int64_t y = 0; y < count; ++y) row(first + y, rows.data() + static_cast<size_t>(y) * stride);
  }
  return size;
}

SvgSize SvgProcess::measure(const FileReading& reading, std::string_view svg) {
  const NoPipeSignal quiet;
  Exchange exchange(*this, reading);
  return ask(exchange, svg, 0, false);
}

}  // namespace pdmp::data
