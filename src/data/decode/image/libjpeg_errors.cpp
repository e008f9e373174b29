#include "data/decode/image/libjpeg_errors.h"

#include <algorithm>
#include <array>

extern "C" {
#include <jerror.h>
}

namespace pdmp::data {
namespace {

// Bytes between segments and unknown versions of headers cost no pixel; everything else libjpeg warns of does.
constexpr std::array kHarmless = {JWRN_EXTRANEOUS_DATA, JWRN_JFIF_MAJOR, JWRN_ADOBE_XFORM};

}  // namespace

LibjpegErrors::LibjpegErrors() {
  jpeg_std_error(&manager_);
  manager_.error_exit = fail;
  manager_.emit_message = emit;
  manager_.output_message = keep_silent;
}

// The manager is the first member, so that its address is that of the whole; libjpeg's examples do the same.
void LibjpegErrors::fail_with(j_common_ptr info, const char* message) {
  auto* errors = reinterpret_cast<LibjpegErrors*>(info->err);
  std::snprintf(errors->message_, sizeof errors->message_, "%s", message);
  std::longjmp(errors->back_, 1);
}

void LibjpegErrors::fail(j_common_ptr info) {
  char message[JMSG_LENGTH_MAX];
  info->err->format_message(info, message);
  fail_with(info, message);
}

void LibjpegErrors::emit(j_common_ptr info, int level) {
  if (level >= 0) return;  // traces
  auto* errors = reinterpret_cast<LibjpegErrors*>(info->err);
  if (std::find(kHarmless.begin(), kHarmless.end(), info->err->msg_code) != kHarmless.end()) return;
  if (errors->message_[0] == '\0') info->err->format_message(info, errors->message_);
}

}  // namespace pdmp::data
