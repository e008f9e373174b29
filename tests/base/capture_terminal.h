// stderr as a terminal of a given width, and what was written to it.
#pragma once

#include <cstdio>
#include <fcntl.h>
#include <pty.h>
#include <stdexcept>
#include <string>
#include <sys/ioctl.h>
#include <unistd.h>

namespace pdmp::testing {

class CaptureTerminal {
 public:
  explicit CaptureTerminal(unsigned short columns) : stderr_(dup(STDERR_FILENO)) {
    const winsize size = {24, columns, 0, 0};
    if (openpty(&master_, &slave_, nullptr, nullptr, &size) != 0) throw std::runtime_error("no pseudo-terminal");
    fcntl(master_, F_SETFL, O_NONBLOCK);
    dup2(slave_, STDERR_FILENO);
  }
  ~CaptureTerminal() { restore(); }
  CaptureTerminal(const CaptureTerminal&) = delete;
  CaptureTerminal& operator=(const CaptureTerminal&) = delete;

  // Everything written so far; stderr is the old one afterwards.
  std::string text() {
    std::string written;
    char block[4096];
    std::fflush(stderr);
    for (ssize_t n = read(master_, block, sizeof block); n > 0; n = read(master_, block, sizeof block)) {
      written.append(block, static_cast<size_t>(n));
    }
    restore();
    return written;
  }

 private:
  void restore() {
    if (stderr_ < 0) return;
    std::fflush(stderr);
    dup2(stderr_, STDERR_FILENO);
    for (const int file : {stderr_, slave_, master_}) close(file);
    stderr_ = -1;
  }

  int stderr_, master_ = -1, slave_ = -1;
};

}  // namespace pdmp::testing
