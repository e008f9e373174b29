// Keeps renderer processes between drawings, one for each thread that draws at a time.
#include "data/svg/svg.h"

#include <algorithm>
#include <fmt/format.h>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "data/decode/picture_size.h"
#include "data/decode/rgb_planes.h"
#include "data/files/media_file.h"
#include "data/svg/svg_process.h"

namespace pdmp::data {
namespace {

constexpr const char* kExpected = "a whole SVG picture";

using Process = std::unique_ptr<SvgProcess>;

// Processes that wait for work.
class Idle {
 public:
  Process take() {
    const std::lock_guard lock(mutex_);
    std::erase_if(processes_, [](const Process& process) { return !process->is_own(); });
    if (processes_.empty()) return nullptr;
    Process process = std::move(processes_.back());
    processes_.pop_back();
    return process;
  }

  void give_back(Process process) {
    const std::lock_guard lock(mutex_);
    processes_.push_back(std::move(process));
  }

 private:
  std::mutex mutex_;
  std::vector<Process> processes_;
};

Idle& idle() {
  static Idle processes;
  return processes;
}

// A process that ended may have been ended by something else (an administrator, the system out of memory), so that what
// it was asked is asked once more, of a fresh one.
SvgSize with_process(const FileReading& reading, const std::function<SvgSize(SvgProcess&)>& work) {
  Process process = idle().take();
  for (bool again = true;; again = false) {
    if (process == nullptr) process = std::make_unique<SvgProcess>(find_svg_program());
    try {
      SvgSize result = work(*process);
      idle().give_back(std::move(process));
      return result;
    } catch (const SvgProcessLost& lost) {
      process.reset();
      if (lost.slow) refuse_media(reading.path(), kExpected, lost.what());
      if (!again)
        refuse_media(reading.path(), kExpected, fmt::format("a drawing that ends the renderer ({})", lost.what()));
    }
  }
}

uint8_t on_white(uint8_t premultiplied, uint8_t alpha) {
  return static_cast<uint8_t>(std::min(255, premultiplied + 255 - alpha));
}

// BGRA, premultiplied.
void put_row(const uint8_t* in, int64_t width, int64_t channels, uint8_t* out) {
  for (int64_t x = 0; x < width; ++x, in += 4, out += channels) {
    const uint8_t r = on_white(in[2], in[3]), g = on_white(in[1], in[3]), b = on_white(in[0], in[3]);
    if (channels == 3) {
      out[0] = r, out[1] = g, out[2] = b;
    } else {
      out[0] = luma(r, g, b);
    }
  }
}

std::string problem_of(const SvgSize& size) {
  if (!size.problem.starts_with("Picture size")) return size.problem;
  return size.problem + pixel_limit_text();
}

}  // namespace

Pixels decode_svg(const FileReading& reading, std::string_view bytes, int64_t channels, int32_t smallest) {
  Pixels picture;
  uint8_t* out = nullptr;
  int64_t row_width = 0;
  const SvgProcess::Begin begin = [&](int64_t width, int64_t height) {
    picture = Pixels(height, width, channels);
    out = picture.data();
    row_width = width;
  };
  const SvgProcess::Row row = [&](int64_t y, const uint8_t* pixels) {
    put_row(pixels, row_width, channels, out + y * row_width * channels);
  };
  const SvgSize size =
      with_process(reading, [&](SvgProcess& process) { return process.draw(reading, bytes, smallest, begin, row); });
  if (!size.problem.empty()) refuse_media(reading.path(), kExpected, problem_of(size));
  return picture;
}

std::optional<std::pair<int64_t, int64_t>> svg_size(const FileReading& reading, std::string_view bytes) {
  const SvgSize size = with_process(reading, [&](SvgProcess& process) { return process.measure(reading, bytes); });
  if (!size.problem.empty()) return std::nullopt;
  return std::pair(size.width, size.height);
}

}  // namespace pdmp::data
