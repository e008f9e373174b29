// The convolutions of a step and nothing else, forward and backward, one after the other, channels-last: what is left
// of a step when everything else is free.
#include <ATen/Parallel.h>
#include <ATen/record_function.h>
#include <chrono>

#include "bench.h"
#include "models/layers/winograd.h"

namespace pdmp {
namespace {

struct Convolution {
  std::vector<int64_t> input, weight, stride, padding, dilation;
  int64_t groups = 1;
  bool winograd = false;
};

// Convolutions that this thread makes while it lives.
class Recorder {
 public:
  Recorder() {
    current = this;
    handle_ = at::addThreadLocalCallback(
        at::RecordFunctionCallback(&Recorder::called).needsInputs(true).scopes({at::RecordScope::FUNCTION}));
  }
  ~Recorder() {
    at::removeCallback(handle_);
    current = nullptr;
  }
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  std::vector<Convolution> found;

 private:
  // convolution(input, weight, bias, stride, padding, dilation, transposed, output_padding, groups)
  static std::unique_ptr<at::ObserverContext> called(const at::RecordFunction& operation) {
    constexpr size_t kStride = 3, kPadding = 4, kDilation = 5, kGroups = 8;
    if (current == nullptr) return nullptr;
    const std::string name = operation.name();
    const auto inputs = operation.inputs();
    if (name == "pdmp::winograd") {
      current->found.push_back(
          {inputs[0].toTensor().sizes().vec(), inputs[1].toTensor().sizes().vec(), {1, 1}, {1, 1}, {1, 1}, 1, true});
    }
    if (name != "aten::convolution") return nullptr;
    current->found.push_back({inputs[0].toTensor().sizes().vec(), inputs[1].toTensor().sizes().vec(),
                              inputs[kStride].toIntVector(), inputs[kPadding].toIntVector(),
                              inputs[kDilation].toIntVector(), inputs[kGroups].toInt()});
    return nullptr;
  }

  static thread_local Recorder* current;

  at::CallbackHandle handle_ = at::INVALID_CALLBACK_HANDLE;
};

thread_local Recorder* Recorder::current = nullptr;

std::vector<Convolution> convolutions_of(const Workload& workload) {
  const auto data = random_batches(workload, 1);
  Model model(data->modalities(), static_cast<int64_t>(data->classes().size()), ModelOptions{}, 0);
  Loader loader(data, {.batch_size = workload.batch_size, .workers = 0});
  loader.start_epoch(0);
  const Batch batch = *loader.next();
  Recorder recorder;
  model.forward(batch, false);
  return recorder.found;
}

struct Prepared {
  Convolution shape;
  Tensor x, weight, gradient;  // of the output
};

Prepared prepare(const Convolution& shape, at::ScalarType type) {
  const auto options = torch::TensorOptions(type);
  const auto random = [&](const std::vector<int64_t>& sizes) {
    return torch::randn(sizes).to(options).contiguous(at::MemoryFormat::ChannelsLast);
  };
  Prepared result{shape, random(shape.input), random(shape.weight), {}};
  result.gradient = at::convolution(result.x, result.weight, {}, shape.stride, shape.padding, shape.dilation, false,
                                    {0, 0}, shape.groups);
  return result;
}

void winograd_forward_and_backward(const Prepared& one) {
  const torch::AutoGradMode gradients(true);
  const Tensor x = one.x.detach().requires_grad_(), weight = one.weight.to(at::kFloat).requires_grad_();
  models::winograd(x, weight).backward(one.gradient);
}

void forward_and_backward(const Prepared& one) {
  const Convolution& shape = one.shape;
  if (shape.winograd) return winograd_forward_and_backward(one);
  constexpr int64_t kMostOfAnInput = 3;  // channels: nobody asks for the gradient of a picture
  const bool of_input = shape.input[1] > kMostOfAnInput;
  at::convolution(one.x, one.weight, {}, shape.stride, shape.padding, shape.dilation, false, {0, 0}, shape.groups);
  at::convolution_backward(one.gradient, one.x, one.weight, {}, shape.stride, shape.padding, shape.dilation, false,
                           {0, 0}, shape.groups, {of_input, true, false});
}

}  // namespace

Measure prepare_convolutions(const BenchOptions& options) {
  at::set_num_threads(static_cast<int>(options.threads));
  const Workload& workload = find_workload(options.workload);
  std::vector<Prepared> all;
  const torch::NoGradGuard no_gradients;
  for (const Convolution& shape : convolutions_of(workload)) {
    all.push_back(prepare(shape, options.precision == "bf16" ? at::kBFloat16 : at::kFloat));
  }
  return [all, steps = options.steps, samples = workload.batch_size] {
    const torch::NoGradGuard quiet;
    std::vector<double> seconds;
    for (int64_t step = 0; step < steps; ++step) {
      const auto start = std::chrono::steady_clock::now();
      for (const Prepared& one : all) forward_and_backward(one);
      seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    return nlohmann::json{{"seconds", median(seconds)}, {"samples", samples}, {"convolutions", all.size()}};
  };
}

}  // namespace pdmp
