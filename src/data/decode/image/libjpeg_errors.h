// libjpeg's way to fail, which is a jump, kept away from C++ objects.
#pragma once

#include <csetjmp>
#include <cstdio>
#include <string>

extern "C" {
#include <jpeglib.h>
}

namespace pdmp::data {

// For the `err` of a libjpeg object, which it must outlive. Nothing is printed.
class LibjpegErrors {
 public:
  LibjpegErrors();
  jpeg_error_mgr* manager() { return &manager_; }

  // Runs calls of libjpeg: false where one failed, `message` says why. `calls` must make no objects with destructors,
  // since the jump leaves them out.
  template <typename Calls>
  bool run(const Calls& calls) {
    if (setjmp(back_) != 0) return false;
    calls();
    return true;
  }

  // Ends the calls of `run` that libjpeg was in when it called back.
  [[noreturn]] static void fail_with(j_common_ptr info, const char* message);

  // The failure, or the first warning that data were lost; empty: neither.
  const char* message() const { return message_; }

 private:
  [[noreturn]] static void fail(j_common_ptr info);
  static void emit(j_common_ptr info, int level);
  static void keep_silent(j_common_ptr) {}

  jpeg_error_mgr manager_{};
  std::jmp_buf back_{};
  char message_[JMSG_LENGTH_MAX] = "";
};

}  // namespace pdmp::data
