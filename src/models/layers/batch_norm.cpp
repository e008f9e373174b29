#include "models/layers/batch_norm.h"

#include <torch/autograd.h>
#include <torch/nn/modules/batchnorm.h>

#include "models/layers/norm_statistics.h"

namespace pdmp::models {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

template <class Element>
void normalize(const Tensor& x, const Tensor& added, const Affine<typename KernelTypes<Element>::Computed>& affine,
               bool relu, const Tensor& y) {
  using Stored = typename KernelTypes<Element>::Stored;
  const Chunks chunks(x);
  chunks.each([&](int64_t, int64_t offset, int64_t rows) {
    const Stored* add = numbers<Stored>(added);
    kernels_for<Element>().normalize(numbers<Stored>(x) + offset, add == nullptr ? nullptr : add + offset, rows,
                                     chunks.channels, affine.scale.data(), affine.shift.data(), relu,
                                     mutable_numbers<Stored>(y) + offset);
  });
}

template <class Element>
Tensor open_gates(const Tensor& dy, const Tensor& y) {
  using Stored = typename KernelTypes<Element>::Stored;
  Tensor g = at::empty_like(y);
  const Chunks chunks(y);
  chunks.each([&](int64_t, int64_t offset, int64_t rows) {
    kernels_for<Element>().open_gates(numbers<Stored>(dy) + offset, numbers<Stored>(y) + offset, rows, chunks.channels,
                                      mutable_numbers<Stored>(g) + offset);
  });
  return g;
}

// What the backward pass needs of the forward pass.
struct Saved {
  Tensor x, mean, inverse, weight, bias;
  bool relu = false;  // of x * scale + shift itself
};

struct Gradients {
  Tensor x, weight, bias;
};

template <class Element>
Gradients gradients_of(const Saved& saved, const Tensor& g) {
  using Stored = typename KernelTypes<Element>::Stored;
  using A = typename KernelTypes<Element>::Computed;
  const Affine<A> affine(saved.mean, saved.inverse, saved.weight, saved.bias);
  const A* mean = saved.mean.const_data_ptr<A>();
  const Chunks chunks(saved.x);
  std::vector<double> sums(static_cast<size_t>(chunks.count * chunks.channels)), products(sums.size());
  chunks.each([&](int64_t chunk, int64_t offset, int64_t rows) {
    const int64_t at = chunk * chunks.channels;
    kernels_for<Element>().gradient_sums(numbers<Stored>(saved.x) + offset, numbers<Stored>(g) + offset, rows,
                                         chunks.channels, mean, affine.scale.data(), affine.shift.data(), saved.relu,
                                         sums.data() + at, products.data() + at);
  });
  const NormGradients<A> whole(std::move(sums), std::move(products), affine.scale, saved.inverse, chunks.rows);
  Tensor dx = at::empty_like(saved.x);
  chunks.each([&](int64_t, int64_t offset, int64_t rows) {
    kernels_for<Element>().gradient(numbers<Stored>(saved.x) + offset, numbers<Stored>(g) + offset, rows,
                                    chunks.channels, mean, affine.scale.data(), affine.shift.data(), whole.slope.data(),
                                    whole.offset.data(), saved.relu, mutable_numbers<Stored>(dx) + offset);
  });
  return {dx, whole.weight, whole.bias};
}

class NormFunction : public torch::autograd::Function<NormFunction> {
 public:
  // The graph keeps what it had to keep anyway: the input, and the output where the ReLU is not to be told from the
  // input alone.
  static Tensor forward(AutogradContext* context, const Tensor& x, const std::optional<Tensor>& added,
                        const Tensor& weight, const Tensor& bias, const Running& running, bool relu) {
    Tensor y = at::empty_like(x);
    by_element(x, [&](auto element) {
      using Element = decltype(element);
      using A = typename KernelTypes<Element>::Computed;
      const BatchStatistics batch = take_statistics<Element>(x, running);
      normalize<Element>(x, added.value_or(Tensor()), Affine<A>(batch.mean, batch.inverse, weight, bias), relu, y);
      context->save_for_backward({x, batch.mean, batch.inverse, weight, bias, relu && added ? y : Tensor()});
    });
    context->saved_data["relu"] = relu;
    context->saved_data["adds"] = added.has_value();
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    TORCH_CHECK_NOT_IMPLEMENTED(!at::GradMode::is_enabled(), "BatchNorm in training has no second derivatives here");
    const variable_list saved = context->get_saved_variables();
    const Tensor& y = saved[5];
    const bool relu = context->saved_data["relu"].toBool(), adds = context->saved_data["adds"].toBool();
    const Saved kept{saved[0], saved[1], saved[2], saved[3], saved[4], relu && !y.defined()};
    Tensor g = gradients[0].contiguous(at::MemoryFormat::ChannelsLast);
    return by_element(kept.x, [&](auto element) -> variable_list {
      using Element = decltype(element);
      if (y.defined()) g = open_gates<Element>(g, y);
      const Gradients out = gradients_of<Element>(kept, g);
      return {out.x, adds ? g : Tensor(), out.weight, out.bias, {}, {}};
    });
  }
};

}  // namespace

Tensor batch_norm(torch::nn::BatchNorm2d& norm, const Tensor& x, const AfterNorm& after) {
  const bool adds = after.added.defined();
  const bool fits = !adds || (is_map_in_rows(after.added, x.scalar_type()) && after.added.sizes() == x.sizes());
  if (fits && norm->is_training() && fits_kernels(*norm, x)) {
    return NormFunction::apply(x, adds ? std::optional<Tensor>(after.added) : std::nullopt, norm->weight, norm->bias,
                               running_of(*norm), after.relu);
  }
  Tensor y = norm->forward(x);
  if (adds) y += after.added;
  return after.relu ? y.relu_() : y;
}

}  // namespace pdmp::models
