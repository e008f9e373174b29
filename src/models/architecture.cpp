// LibTorch's modules have no hooks in C++, but every operation can be watched from the thread that calls it. An
// operation is led back to a module by the memory of the parameters it takes.
#include "models/architecture.h"

#include <ATen/record_function.h>
#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "data/types/modality_type.h"
#include "models/layers/evaluation_mode.h"

namespace pdmp::models {
namespace {

using Inputs = c10::ArrayRef<const c10::IValue>;

int64_t last_size(Inputs inputs, size_t i) { return inputs[i].toTensor().size(-1); }

// Multiply-adds per number an operation puts out. One operation calls others (conv2d calls convolution, linear calls
// addmm), so only these are counted, and nothing inside of them.
struct CountedOperation {
  std::string_view name;
  int64_t (*multiply_adds)(Inputs inputs);
};
int64_t of_filters(Inputs inputs) {
  const Tensor& filters = inputs[1].toTensor();
  return filters.numel() / filters.size(0);
}

constexpr CountedOperation kCounted[] = {
    {"aten::convolution", of_filters},
    {"pdmp::winograd", of_filters},  // counted as what it computes, not as what it saves
    {"aten::mm", [](Inputs inputs) { return last_size(inputs, 0); }},
    {"aten::bmm", [](Inputs inputs) { return last_size(inputs, 0); }},
    {"aten::mv", [](Inputs inputs) { return last_size(inputs, 0); }},
    {"aten::dot", [](Inputs inputs) { return last_size(inputs, 0); }},
    {"aten::addmm", [](Inputs inputs) { return last_size(inputs, 1); }},
    {"aten::addmv", [](Inputs inputs) { return last_size(inputs, 1); }},
    {"aten::baddbmm", [](Inputs inputs) { return last_size(inputs, 1); }},
    // Queries with keys, and the result with values of the same width: once the number of keys each.
    {"aten::scaled_dot_product_attention", [](Inputs inputs) { return 2 * inputs[1].toTensor().size(-2); }},
};

std::vector<Tensor> tensors(Inputs inputs) {
  std::vector<Tensor> result;
  for (const c10::IValue& input : inputs) {
    if (input.isTensor()) result.push_back(input.toTensor());
    if (!input.isTensorList()) continue;
    const std::vector<Tensor> list = input.toTensorVector();
    result.insert(result.end(), list.begin(), list.end());
  }
  return result;
}

const void* memory(const Tensor& tensor) {
  return tensor.defined() && tensor.has_storage() ? tensor.storage().data() : nullptr;
}

// What one running operation has to do with the rows.
struct Call : at::ObserverContext {
  std::vector<size_t> touched;  // rows whose parameters it takes
  std::optional<size_t> payer;  // row of the largest of these parameters, else that of the operation around it
  int64_t multiply_adds = 0;    // per number put out; 0: not counted
};

// Watches the operations of this thread while it lives.
class Recorder {
 public:
  Recorder(Architecture& result, const std::unordered_map<const void*, size_t>& row_of)
      : result_(result), row_of_(row_of) {
    current = this;
    handle_ = at::addThreadLocalCallback(at::RecordFunctionCallback(begin, end)
                                             .needsInputs(true)
                                             .needsOutputs(true)
                                             .scopes({at::RecordScope::FUNCTION}));
  }
  ~Recorder() {
    at::removeCallback(handle_);
    current = nullptr;
  }
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

 private:
  static std::unique_ptr<at::ObserverContext> begin(const at::RecordFunction& operation) {
    auto call = std::make_unique<Call>();
    current->begin(operation, *call);
    return call;
  }
  static void end(const at::RecordFunction& operation, at::ObserverContext* context) {
    current->end(operation, *static_cast<Call*>(context));
  }

  void begin(const at::RecordFunction& operation, Call& call) {
    if (!calls_.empty()) call.payer = calls_.back()->payer;
    int64_t largest = 0;
    for (const Tensor& tensor : tensors(operation.inputs())) {
      const auto row = row_of_.find(memory(tensor));
      if (row == row_of_.end()) continue;
      call.touched.push_back(row->second);
      if (tensor.numel() > largest) call.payer = row->second;
      largest = std::max(largest, tensor.numel());
    }
    const bool inside = std::any_of(calls_.begin(), calls_.end(), [](const Call* c) { return c->multiply_adds > 0; });
    for (const CountedOperation& counted : kCounted) {
      if (!inside && counted.name == operation.name()) call.multiply_adds = counted.multiply_adds(operation.inputs());
    }
    calls_.push_back(&call);
  }

  // Operations end innermost first, so that what is left of a module is the output of its outermost, last operation.
  void end(const at::RecordFunction& operation, const Call& call) {
    calls_.pop_back();
    if (operation.outputs().empty() || !operation.outputs()[0].isTensor()) return;
    const Tensor& output = operation.outputs()[0].toTensor();
    const int64_t flops = 2 * call.multiply_adds * output.numel();
    (call.payer ? result_.rows[*call.payer].flops : result_.flops_without_parameters) += flops;
    if (row_of_.count(memory(output)) != 0) return;  // a view of a parameter, as a transposed filter
    for (const size_t row : call.touched) result_.rows[row].output = output.sizes().vec();
  }

  static thread_local Recorder* current;

  Architecture& result_;
  const std::unordered_map<const void*, size_t>& row_of_;
  std::vector<const Call*> calls_;  // running, outermost first
  at::CallbackHandle handle_ = at::INVALID_CALLBACK_HANDLE;
};

thread_local Recorder* Recorder::current = nullptr;

std::string module_of(const OwnedParameter& parameter) { return parameter.name.substr(0, parameter.name.rfind('.')); }

// Rows without shapes and work, and the row of each parameter by its memory.
std::unordered_map<const void*, size_t> make_rows(const Model& model, std::vector<ModuleRow>& rows) {
  std::map<std::string, std::vector<std::optional<int64_t>>> owners;
  for (const OwnedParameter& parameter : model.ownership()) owners[module_of(parameter)].push_back(parameter.owner);
  std::map<std::string, size_t> by_name;
  std::unordered_map<const void*, size_t> by_memory;
  for (const OwnedParameter& parameter : model.ownership()) {
    const auto& all = owners.at(module_of(parameter));
    const bool of_one =
        std::all_of(all.begin(), all.end(), [&](const auto& owner) { return owner == parameter.owner; });
    const std::string name = of_one ? module_of(parameter) : parameter.name;
    const auto [row, is_new] = by_name.emplace(name, rows.size());
    if (is_new) rows.push_back({.name = name, .output = {}, .owner = parameter.owner});
    rows[row->second].parameters += parameter.value.numel();
    if (memory(parameter.value) != nullptr) by_memory.emplace(memory(parameter.value), row->second);
  }
  return by_memory;
}

// Text: no padding, so that every byte goes through.
Batch one_sample(const std::vector<ModalityInfo>& infos, const torch::TensorOptions& options) {
  Batch batch;
  for (const ModalityInfo& info : infos) {
    std::vector<int64_t> sizes = info.shape;
    sizes.insert(sizes.begin(), 1);
    batch.inputs.push_back(
        torch::ones(sizes, data::holds_integers(info.type) ? options.dtype(torch::kInt64) : options));
  }
  batch.present = torch::ones({1, static_cast<int64_t>(infos.size())}, options.dtype(torch::kBool));
  batch.labels = torch::zeros({1}, options.dtype(torch::kInt64));
  batch.index = batch.labels;
  return batch;
}

}  // namespace

Architecture measure_architecture(Model& model) {
  Architecture result;
  const auto row_of = make_rows(model, result.rows);
  const torch::AutoGradMode gradients(true);  // without, the norms would be folded into the filters before them
  const EvaluationMode evaluation(model);
  const Batch batch = one_sample(model.infos(), model.parameters().at(0).options().requires_grad(false));
  const Recorder recorder(result, row_of);
  model.forward(batch, false);
  return result;
}

}  // namespace pdmp::models
