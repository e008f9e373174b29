// How much memory something takes on top of what the process has.
#pragma once

#include <cstdint>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>

namespace pdmp::testing {

inline int64_t status_bytes(const std::string& name) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(name + ":")) return std::stoll(line.substr(name.size() + 1)) * 1024;
  }
  throw std::runtime_error("no " + name + " in /proc/self/status");
}

// Sanitizers keep memory of their own, for every byte and of what was freed.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kMemoryIsMeasured = false;
#else
inline constexpr bool kMemoryIsMeasured = true;
#endif

// Bytes of resident memory, at the most, while `work` ran; 0 where that is not measured.
inline int64_t peak_growth(const std::function<void()>& work) {
  std::ofstream("/proc/self/clear_refs") << "5" << std::flush;  // the peak begins anew
  const int64_t before = status_bytes("VmRSS");
  work();
  return kMemoryIsMeasured ? status_bytes("VmHWM") - before : 0;
}

}  // namespace pdmp::testing
