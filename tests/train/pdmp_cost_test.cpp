// PDMP as learning rates costs nothing: its steps run the operators that steps of joint training run.
#include <ATen/record_function.h>
#include <gtest/gtest.h>
#include <map>
#include <mutex>

#include "support/tiny_task.h"

namespace pdmp::training {
namespace {

// What this thread calls, and others on its behalf, while it lives. An update of many parameters in one call counts as
// that many: PDMP has the same parameters in more groups.
class Operators {
 public:
  Operators() {
    current = this;
    handle_ = at::addThreadLocalCallback(
        at::RecordFunctionCallback(&Operators::called).needsInputs(true).scopes({at::RecordScope::FUNCTION}));
  }
  ~Operators() {
    at::removeCallback(handle_);
    current = nullptr;
  }
  Operators(const Operators&) = delete;
  Operators& operator=(const Operators&) = delete;

  const std::map<std::string, int64_t>& calls() const { return calls_; }

 private:
  static std::unique_ptr<at::ObserverContext> called(const at::RecordFunction& operation) {
    const bool many = !operation.inputs().empty() && operation.inputs()[0].isTensorList();
    const std::lock_guard lock(current->mutex_);
    current->calls_[operation.name()] +=
        many ? static_cast<int64_t>(operation.inputs()[0].toTensorList().size()) : int64_t{1};
    return nullptr;
  }

  static Operators* current;

  std::mutex mutex_;
  std::map<std::string, int64_t> calls_;
  at::CallbackHandle handle_ = at::INVALID_CALLBACK_HANDLE;
};

Operators* Operators::current = nullptr;

std::map<std::string, int64_t> operators_of(const char* name, int64_t steps, const std::string& optimizer) {
  TrainOptions training = testing::tiny_training(1);
  training.log_every = 1000;
  training.optimizer.optimizer = optimizer;
  const TrainingData data{.train = testing::tiny_split(steps * training.batch_size, 1), .val = {}, .test = {}};
  const auto model =
      std::make_shared<Model>(data.train->modalities(), int64_t{3}, testing::tiny_model(), training.seed);
  const std::unique_ptr<MethodOptions> options = find_method(name).make_options();
  const std::unique_ptr<Method> method = options->make();
  const ModalityRanking ranking{{"a", "b"}, 1, 0, {0.5, 0.4}, {0.6, 0.8}, ""};
  const Operators operators;
  Trainer(training, ranking).fit(model, *method, data);
  return operators.calls();
}

// Of steps that log nothing: what more of them add.
std::map<std::string, int64_t> operators_of_four_steps(const char* name, const std::string& optimizer) {
  const std::map<std::string, int64_t> one = operators_of(name, 1, optimizer);
  std::map<std::string, int64_t> more;
  for (const auto& [operation, count] : operators_of(name, 5, optimizer)) {
    const auto before = one.find(operation);
    const int64_t added = count - (before == one.end() ? 0 : before->second);
    if (added != 0) more[operation] = added;
  }
  return more;
}

TEST(PdmpCost, ItsStepsRunTheOperatorsOfJointTraining) {
  for (const std::string optimizer : {"sgd", "adamw"}) {
    const std::map<std::string, int64_t> joint = operators_of_four_steps("joint", optimizer);
    const std::string update = optimizer == "sgd" ? "aten::_fused_sgd_" : "aten::_fused_adamw_";
    EXPECT_EQ(joint.at(update), 4 * 7) << optimizer;  // two encoders' weight and bias, the head's two blocks and bias
    EXPECT_GT(joint.at("aten::addmm"), 0);
    EXPECT_EQ(operators_of_four_steps("pdmp", optimizer), joint) << optimizer;
  }
}

}  // namespace
}  // namespace pdmp::training
