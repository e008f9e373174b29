#include "train/trial.h"

#include <ATen/CPUGeneratorImpl.h>
#include <algorithm>
#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>
#include <chrono>
#include <limits>
#include <torch/nn/functional/loss.h>

#include "data/types/modality_type.h"
#include "models/architecture.h"
#include "models/weights/init.h"

namespace pdmp::training {
namespace {

Batch made_up(const Model& model, int64_t rows) {
  const torch::Generator generator = at::detail::createCPUGenerator(0);
  Batch batch;
  for (const ModalityInfo& info : model.infos()) {
    constexpr int64_t kBytes = 257;  // of text: bytes + 1
    std::vector<int64_t> sizes = info.shape;
    sizes.insert(sizes.begin(), rows);
    batch.inputs.push_back(data::holds_integers(info.type) ? torch::randint(1, kBytes, sizes, generator, torch::kInt64)
                                                           : torch::rand(sizes, generator, torch::kFloat32));
  }
  batch.present = torch::ones({rows, model.modalities()}, torch::kBool);
  batch.labels = torch::zeros({rows}, torch::kInt64);
  batch.index = torch::arange(rows);
  return batch;
}

double pass_seconds(Model& model, const Batch& batch, Precision precision) {
  model.zero_grad();
  const auto start = std::chrono::steady_clock::now();
  Tensor fused;
  {
    const PrecisionScope scope(precision, torch::kCPU);
    fused = model.forward(batch, false).fused;
  }
  torch::nn::functional::cross_entropy(fused.to(torch::kFloat32), batch.labels).backward();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

int64_t flops_per_sample(Model& model) {
  const models::Architecture architecture = models::measure_architecture(model);
  int64_t flops = architecture.flops_without_parameters;
  for (const models::ModuleRow& row : architecture.rows) flops += row.flops;
  return flops;
}

// In turn, the best of two each: what else the machine does only ever adds.
PrecisionTimes time_precisions(Model& model, int64_t batch_size) {
  constexpr double kPassSeconds = 0.15;
  constexpr int64_t kFew = 2;  // BatchNorm needs two
  constexpr int kRounds = 3;   // the first one warms up
  pass_seconds(model, made_up(model, kFew), Precision::fp32);
  const double few = pass_seconds(model, made_up(model, kFew), Precision::fp32);
  const auto affordable = static_cast<int64_t>(static_cast<double>(kFew) * kPassSeconds / few);
  const Batch batch = made_up(model, std::max(kFew, std::min(batch_size, affordable)));
  PrecisionTimes best{std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity()};
  for (int round = 0; round < kRounds; ++round) {
    const double fp32 = pass_seconds(model, batch, Precision::fp32);
    const double bf16 = pass_seconds(model, batch, Precision::bf16);
    if (round > 0) best = {std::min(best.fp32, fp32), std::min(best.bf16, bf16)};
  }
  return best;
}

// What the tensors of this thread take.
class MemoryMeter : public c10::MemoryReportingInfoBase {
 public:
  void reportMemoryUsage(void*, int64_t size, size_t, size_t, c10::Device) override {
    now_ += size;  // negative where memory is given back
    peak_ = std::max(peak_, now_);
  }
  bool memoryProfilingEnabled() const override { return true; }
  int64_t peak() const { return peak_; }

 private:
  int64_t now_ = 0, peak_ = 0;
};

int64_t peak_bytes(Model& model, int64_t rows) {
  const Batch batch = made_up(model, rows);
  model.zero_grad();  // gradients of an earlier pass would be counted when they go, but not when they came
  const auto meter = std::make_shared<MemoryMeter>();
  const c10::DebugInfoGuard guard(c10::DebugInfoKind::PROFILER_STATE, meter);
  pass_seconds(model, batch, Precision::fp32);
  return meter->peak();
}

}  // namespace

Precision faster(const PrecisionTimes& times) {
  constexpr double kWorthIt = 1.1;
  return times.fp32 >= kWorthIt * times.bf16 ? Precision::bf16 : Precision::fp32;
}

Precision try_precisions(Model& model, int64_t batch_size) {
  constexpr int64_t kLeastFlops = 200'000'000;
  if (!cpu_has_bf16() || flops_per_sample(model) < kLeastFlops) return Precision::fp32;
  const models::SeededGenerator untouched(0);  // dropout draws
  return faster(time_precisions(model, batch_size));
}

int64_t bytes_per_sample(Model& model) {
  constexpr int64_t kFew = 4;  // fewer hide behind what the weights' gradients take
  const models::SeededGenerator untouched(0);
  // Gradients of weights are there once, however many samples there are.
  return std::max<int64_t>(0, peak_bytes(model, 2 * kFew) - peak_bytes(model, kFew)) / kFew;
}

}  // namespace pdmp::training
