#include "pdmp/method.h"

namespace pdmp {

Outputs Method::forward(Model& model, const Batch& batch, Mode mode) {
  return model.forward(batch, /*with_unimodal=*/mode == Mode::evaluate);
}

Loss Method::loss(StepContext& context, const Outputs& outputs) {
  return {context.criterion()(outputs.fused, context.batch().labels), {}};
}

Loss Method::step(StepContext& context) {
  const Outputs outputs = context.forward();
  Loss result = loss(context, outputs);
  context.backward(result.total);
  context.update(outputs);
  result.total = result.total.detach();  // lets go of the graph
  return result;
}

}  // namespace pdmp
