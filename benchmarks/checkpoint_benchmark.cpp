// What the digest of a checkpoint costs: a file of 90 MB (the weights and momentum of ResNet-18), written with it and
// without. docs/run-directory.md has the figures.
//
//   pdmp_benchmarks --benchmark_filter=checkpoint --benchmark_enable_random_interleaving --benchmark_repetitions=20
#include <benchmark/benchmark.h>
#include <filesystem>
#include <string>
#include <unistd.h>

#include "base/files/file.h"
#include "models/weights/safetensors.h"

namespace {

using namespace pdmp;
namespace fs = std::filesystem;

// Gone at exit.
struct Output {
  fs::path folder = fs::current_path() / ("pdmp_checkpoint_" + std::to_string(getpid()));
  fs::path file = folder / "state.safetensors";
  Output() { fs::create_directories(folder); }
  ~Output() { fs::remove_all(folder); }
};

const Output& output() {
  static const Output made;
  return made;
}

const models::Safetensors& tensors() {
  static const models::Safetensors made = [] {
    torch::manual_seed(0);
    models::Safetensors content;
    for (int i = 0; i < 40; ++i) content.tensors.emplace_back("layer" + std::to_string(i), torch::randn({560, 1000}));
    return content;
  }();
  return made;
}

void checkpoint_with_digest(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(models::write_safetensors(output().file, tensors()));
}

void checkpoint_without_digest(benchmark::State& state) {
  for (auto _ : state) {
    std::string file;
    file.reserve(size_t{91} << 20);
    for (const auto& [name, tensor] : tensors().tensors) {
      file.append(static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes());
    }
    write_file_atomically(output().file, file);
  }
}

BENCHMARK(checkpoint_with_digest)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(checkpoint_without_digest)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
