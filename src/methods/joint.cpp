#include "methods/methods.h"

namespace pdmp {
namespace {

class Joint : public Method {};

class JointOptions : public MethodOptions {
 public:
  std::unique_ptr<Method> make() const override { return std::make_unique<Joint>(); }
};

}  // namespace

std::unique_ptr<MethodOptions> make_joint_options() { return std::make_unique<JointOptions>(); }

}  // namespace pdmp
