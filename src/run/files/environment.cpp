// No host name, no path: it may be published.
#include "run/files/environment.h"

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <fstream>
#include <thread>
#include <torch/version.h>

#include "pdmp/version.h"
#include "train/step/precision.h"

namespace pdmp::runs {
namespace {

std::string cpu_model() {
  std::ifstream file("/proc/cpuinfo");
  std::string line;
  while (std::getline(file, line)) {
    if (!line.starts_with("model name")) continue;
    const size_t start = line.find(": ");
    return start == std::string::npos ? "" : line.substr(start + 2);
  }
  return "";
}

// Those that change which kernels LibTorch takes.
std::vector<std::string> cpu_features() {
  std::vector<std::string> features;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) features.emplace_back("avx2");
  if (__builtin_cpu_supports("fma")) features.emplace_back("fma");
  if (__builtin_cpu_supports("avx512f")) features.emplace_back("avx512f");
  if (__builtin_cpu_supports("avx512bw")) features.emplace_back("avx512bw");
  if (__builtin_cpu_supports("avx512vnni")) features.emplace_back("avx512vnni");
  if (__builtin_cpu_supports("avx512bf16")) features.emplace_back("avx512bf16");
#endif
  return features;
}

}  // namespace

nlohmann::json environment(const TrainOptions& options) {
  const training::Precision precision =
      training::resolve_precision(options.precision, training::resolve_device(options.device));
  return {
      {"format_version", 1},
      {"pdmp", version()},
      {"libtorch", TORCH_VERSION},
      {"compiler", "g++ " __VERSION__},
      {"build", PDMP_BUILD_TYPE},
      {"cpu",
       {{"model", cpu_model()},
        {"cores", std::thread::hardware_concurrency()},
        {"features", cpu_features()},
        {"kernels", at::get_cpu_capability()}}},
      {"device", options.device},
      {"threads", options.threads > 0 ? options.threads : at::get_num_threads()},
      {"precision", precision == training::Precision::bf16 ? "bf16" : "fp32"},
  };
}

}  // namespace pdmp::runs
