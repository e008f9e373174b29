#include <algorithm>

#include "bench.h"
#include "pdmp/error.h"

namespace pdmp {

const std::vector<Workload>& workload_table() {
  static const std::vector<Workload> table = {
      {"audio_visual", {{"audio", "audio", {1, 257, 299}}, {"visual", "image", {3, 224, 224}}}, 16},
      {"pictures", {{"a", "image", {3, 112, 112}}, {"b", "image", {3, 112, 112}}}, 32},
      {"tiny", {{"a", "image", {3, 32, 32}}, {"b", "image", {3, 32, 32}}}, 4},
  };
  return table;
}

const Workload& find_workload(const std::string& name) {
  for (const Workload& workload : workload_table()) {
    if (workload.name == name) return workload;
  }
  throw Error(ErrorKind::usage, "--workload: unknown '" + name + "'");
}

std::shared_ptr<const Dataset> random_batches(const Workload& workload, int64_t batches) {
  constexpr int64_t kClasses = 6;
  std::vector<Tensor> inputs;
  for (const ModalityInfo& info : workload.modalities) {
    std::vector<int64_t> sizes = info.shape;
    sizes.insert(sizes.begin(), workload.batch_size);
    inputs.push_back(torch::randn(sizes));
  }
  std::vector<std::string> classes;
  for (int64_t c = 0; c < kClasses; ++c) classes.push_back(std::to_string(c));
  const Tensor labels = torch::arange(workload.batch_size) % kClasses;
  const auto one = std::make_shared<TensorDataset>(workload.modalities, classes, inputs, labels);
  std::vector<int64_t> indices;
  for (int64_t i = 0; i < batches * workload.batch_size; ++i) indices.push_back(i % workload.batch_size);
  return select_samples(one, indices);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.at(values.size() / 2);
}

}  // namespace pdmp
