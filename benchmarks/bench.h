// Benchmarks that are compared with the same work in PyTorch (compare/): each prepares its work once and does it as
// often as it is asked.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "pdmp/trainer.h"

namespace pdmp {

struct BenchOptions {
  std::string workload = "pictures";
  std::string method = "joint";    // step
  std::string precision = "fp32";  // step, convolutions
  int64_t threads = 2, steps = 3;  // steps of one measurement
  int64_t epochs = 40;             // analysis
};

// Does the work once; what it returns holds "seconds" of one step or pass.
using Measure = std::function<nlohmann::json()>;

struct BenchInfo {
  const char* name;
  const char* summary;
  Measure (*prepare)(const BenchOptions& options);
};
const std::vector<BenchInfo>& bench_table();

// One per file.
Measure prepare_step(const BenchOptions& options);
Measure prepare_convolutions(const BenchOptions& options);
Measure prepare_inference(const BenchOptions& options);
Measure prepare_analysis(const BenchOptions& options);

// The inputs of a step. compare/peer.py has the same.
struct Workload {
  const char* name;
  std::vector<ModalityInfo> modalities;
  int64_t batch_size;
};
const std::vector<Workload>& workload_table();
const Workload& find_workload(const std::string& name);

// A batch of random samples over and over, `batches` of it.
std::shared_ptr<const Dataset> random_batches(const Workload& workload, int64_t batches);

double median(std::vector<double> values);

}  // namespace pdmp
