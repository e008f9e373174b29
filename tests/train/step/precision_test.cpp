#include "train/step/precision.h"

#include <gmock/gmock.h>
#include <torch/cuda.h>

#include "pdmp/error.h"

namespace pdmp::training {
namespace {

const torch::Device kCpu(torch::kCPU);

TEST(Precision, AutoIsFp32) { EXPECT_EQ(resolve_precision("auto", kCpu), Precision::fp32); }

TEST(Precision, Bf16NeedsTheCpuForIt) {
  if (cpu_has_bf16()) {
    EXPECT_EQ(resolve_precision("bf16", kCpu), Precision::bf16);
  } else {
    EXPECT_THROW(resolve_precision("bf16", kCpu), Error);
  }
}

TEST(Precision, ScopeComputesProductsInBf16AndEnds) {
  const Tensor x = torch::randn({4, 8}), w = torch::randn({3, 8});
  {
    const PrecisionScope scope(Precision::bf16, kCpu);
    EXPECT_EQ(torch::linear(x, w).scalar_type(), torch::kBFloat16);
  }
  EXPECT_EQ(torch::linear(x, w).scalar_type(), torch::kFloat32);
  const PrecisionScope none(Precision::fp32, kCpu);
  EXPECT_EQ(torch::linear(x, w).scalar_type(), torch::kFloat32);
}

TEST(Precision, CudaWithoutDeviceIsAUsageError) {
  if (torch::cuda::is_available()) return;  // nothing to refuse
  try {
    resolve_device("cuda");
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("`device` cpu"));
  }
}

}  // namespace
}  // namespace pdmp::training
