// The helper program pdmp-svg as a child process: what draws SVG may crash, stall or take memory where it can be lost.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/types.h>

#include "data/files/file_reading.h"

namespace pdmp::data {

// The process ended, or had to be ended, before it answered.
struct SvgProcessLost : std::runtime_error {
  SvgProcessLost(const std::string& what, bool slow_drawing) : std::runtime_error(what), slow(slow_drawing) {}
  bool slow;  // it took too much of the processor's time: the next one will too
};

// Where the program is: the environment's PDMP_SVG_HELPER; else beside this program (as in a build folder) or in
// ../libexec/pdmp; else where this library was configured to be installed. Error{data} where there is none.
std::filesystem::path find_svg_program();
// That last place. What find_package(pdmp) adds to a program sets it to where pdmp was installed in the end.
extern const char* installed_svg_program;

struct SvgSize {
  std::string problem;  // why the SVG is not drawn; "": it is
  int64_t width = 0, height = 0;
};

// One process, for one thread at a time. It serves until it is destroyed, or ends by itself when this process does.
class SvgProcess {
 public:
  explicit SvgProcess(const std::filesystem::path& program);  // Error{data} where it cannot be started
  ~SvgProcess();
  SvgProcess(const SvgProcess&) = delete;
  SvgProcess& operator=(const SvgProcess&) = delete;

  // Whether this process started it, not one that it was forked from.
  bool is_own() const;

  // Draws, `smallest` as in SvgRequest: `begin` with the size, then `row` with each row of premultiplied BGRA pixels.
  using Begin = std::function<void(int64_t width, int64_t height)>;
  using Row = std::function<void(int64_t y, const uint8_t* pixels)>;
  SvgSize draw(const FileReading& reading, std::string_view svg, int32_t smallest, const Begin& begin, const Row& row);
  // The size alone.
  SvgSize measure(const FileReading& reading, std::string_view svg);

 private:
  class Exchange;

  void end();
  SvgSize ask(Exchange& exchange, std::string_view svg, int32_t smallest, bool draw);

  pid_t process_ = -1, owner_ = -1;
  int requests_ = -1, replies_ = -1;
};

}  // namespace pdmp::data
