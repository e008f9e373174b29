// pdmp-svg: draws SVG for pdmp where it can crash, or draw for ever, without taking pdmp with it (protocol.h). It is
// started by pdmp, reads requests from its standard input until that ends and writes pixels to its standard output.
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <malloc.h>
#include <string>
#include <string_view>
#include <sys/time.h>
#include <unistd.h>

#include "data/svg/draw.h"
#include "data/svg/fonts.h"
#include "data/svg/protocol.h"
#include "data/svg/sandbox.h"

namespace pdmp::data {
namespace {

bool read_all(void* target, size_t count) {
  for (auto* at = static_cast<char*>(target); count > 0;) {
    const ssize_t done = read(STDIN_FILENO, at, count);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return false;
    at += done;
    count -= static_cast<size_t>(done);
  }
  return true;
}

bool write_all(const void* source, size_t count) {
  for (const auto* at = static_cast<const char*>(source); count > 0;) {
    const ssize_t done = write(STDOUT_FILENO, at, count);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return false;
    at += done;
    count -= static_cast<size_t>(done);
  }
  return true;
}

// The signal of this timer ends the process.
void limit_time(int32_t seconds) {
  itimerval timer{};
  timer.it_value.tv_sec = seconds;
  setitimer(ITIMER_PROF, &timer, nullptr);
}

bool answer(const Drawing& drawing) {
  SvgReply reply;
  reply.width = drawing.width;
  reply.height = drawing.height;
  if (!drawing.problem.empty()) {
    reply.status = SvgReply::kRefused;
    reply.bytes = drawing.problem.size();
    return write_all(&reply, sizeof(reply)) && write_all(drawing.problem.data(), drawing.problem.size());
  }
  if (drawing.surface == nullptr) return write_all(&reply, sizeof(reply));
  const size_t row = static_cast<size_t>(drawing.width) * 4;
  reply.bytes = row * static_cast<size_t>(drawing.height);
  if (!write_all(&reply, sizeof(reply))) return false;
  const unsigned char* pixels = cairo_image_surface_get_data(drawing.surface.get());
  const auto stride = static_cast<size_t>(cairo_image_surface_get_stride(drawing.surface.get()));
  if (stride == row) return write_all(pixels, reply.bytes);
  for (size_t y = 0; y < static_cast<size_t>(drawing.height); ++y) {
    if (!write_all(pixels + y * stride, row)) return false;
  }
  return true;
}

bool serve_one() {
  SvgRequest request;
  if (!read_all(&request, sizeof(request)) || request.magic != SvgRequest::kMagic) return false;
  std::string svg(request.bytes, '\0');
  if (!read_all(svg.data(), svg.size())) return false;
  limit_time(request.seconds);
  const bool written = answer(draw(svg, request));
  limit_time(0);
  return written;
}

}  // namespace
}  // namespace pdmp::data

int main(int count, char** arguments) {
  if (count != 2 || std::string_view(arguments[1]) != "--serve") {
    std::fputs("pdmp-svg draws SVG for pdmp, which starts it; there is nothing to do with it by hand\n", stderr);
    return 2;
  }
  mallopt(M_ARENA_MAX, 1);  // threads of libraries would reserve address space each
  pdmp::data::load_fonts();
  pdmp::data::enter_sandbox();
  while (pdmp::data::serve_one()) {
  }
  _exit(0);  // nothing is left to be written, and no library gets a say
}
