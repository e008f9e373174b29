#include "models/layers/norm_pool.h"

#include <torch/autograd.h>
#include <torch/nn/modules/batchnorm.h>

#include "models/layers/batch_norm.h"
#include "models/layers/norm_statistics.h"

namespace pdmp::models {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

kernels::MapSize size_of(const Tensor& x) { return {x.size(2), x.size(3), x.size(1)}; }

// Some rows of one sample at a time: pass(chunk, sample, first row, row after the last).
struct Bands {
  static constexpr int64_t kRows = 8;

  Bands(int64_t samples, int64_t height)
      : of_sample((height + kRows - 1) / kRows), count(samples * of_sample), end(height) {}

  template <class Pass>
  void each(const Pass& pass) const {
    share_out(count, [&](int64_t i) {
      const int64_t row = i % of_sample * kRows;
      pass(i, i / of_sample, row, std::min(row + kRows, end));
    });
  }

  int64_t of_sample, count, end;
};

struct Pooled {
  Tensor y, from;
};

template <class Element, class A>
Pooled pool(const Tensor& x, const Affine<A>& affine) {
  using Stored = typename KernelTypes<Element>::Stored;
  const kernels::MapSize size = size_of(x);
  Pooled out;
  out.y = at::empty({x.size(0), size.channels, size.pooled_height(), size.pooled_width()}, x.options(),
                    at::MemoryFormat::ChannelsLast);
  out.from = at::empty_like(out.y, out.y.options().dtype(at::kByte));
  const int64_t numbers_in = x[0].numel(), numbers_out = out.y[0].numel();
  Bands(x.size(0), size.pooled_height()).each([&](int64_t, int64_t sample, int64_t begin, int64_t end) {
    kernels_for<Element>().pool(numbers<Stored>(x) + sample * numbers_in, size, begin, end, affine.scale.data(),
                                affine.shift.data(), mutable_numbers<Stored>(out.y) + sample * numbers_out,
                                out.from.template mutable_data_ptr<uint8_t>() + sample * numbers_out);
  });
  return out;
}

// `saved`: x, mean, inverse, weight, bias, from.
template <class Element>
variable_list gradients_of(const variable_list& saved, const Tensor& dy) {
  using Stored = typename KernelTypes<Element>::Stored;
  using A = typename KernelTypes<Element>::Computed;
  const Tensor& x = saved[0];
  const Affine<A> affine(saved[1], saved[2], saved[3], saved[4]);
  const A* mean = saved[1].const_data_ptr<A>();
  const uint8_t* from = saved[5].const_data_ptr<uint8_t>();
  const kernels::MapSize size = size_of(x);
  const int64_t numbers_in = x[0].numel(), numbers_out = dy[0].numel();
  const Bands bands(x.size(0), size.height);
  std::vector<double> sums(static_cast<size_t>(bands.count * size.channels)), products(sums.size());
  bands.each([&](int64_t band, int64_t sample, int64_t begin, int64_t end) {
    kernels_for<Element>().pooled_gradient_sums(numbers<Stored>(x) + sample * numbers_in,
                                                numbers<Stored>(dy) + sample * numbers_out, from + sample * numbers_out,
                                                size, begin, end, mean, sums.data() + band * size.channels,
                                                products.data() + band * size.channels);
  });
  const NormGradients<A> whole(std::move(sums), std::move(products), affine.scale, saved[2], x.numel() / size.channels);
  Tensor dx = at::empty_like(x);
  bands.each([&](int64_t, int64_t sample, int64_t begin, int64_t end) {
    kernels_for<Element>().pooled_gradient(numbers<Stored>(x) + sample * numbers_in,
                                           numbers<Stored>(dy) + sample * numbers_out, from + sample * numbers_out,
                                           size, begin, end, mean, affine.scale.data(), whole.slope.data(),
                                           whole.offset.data(), mutable_numbers<Stored>(dx) + sample * numbers_in);
  });
  return {dx, whole.weight, whole.bias, {}};
}

class NormPoolFunction : public torch::autograd::Function<NormPoolFunction> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& weight, const Tensor& bias,
                        const Running& running) {
    return by_element(x, [&](auto element) {
      using Element = decltype(element);
      using A = typename KernelTypes<Element>::Computed;
      const BatchStatistics batch = take_statistics<Element>(x, running);
      const Pooled pooled = pool<Element>(x, Affine<A>(batch.mean, batch.inverse, weight, bias));
      context->save_for_backward({x, batch.mean, batch.inverse, weight, bias, pooled.from});
      return pooled.y;
    });
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    TORCH_CHECK_NOT_IMPLEMENTED(!at::GradMode::is_enabled(), "BatchNorm in training has no second derivatives here");
    const variable_list saved = context->get_saved_variables();
    const Tensor dy = gradients[0].contiguous(at::MemoryFormat::ChannelsLast);
    return by_element(saved[0], [&](auto element) { return gradients_of<decltype(element)>(saved, dy); });
  }
};

// With the running statistics, where nobody asks for gradients.
Tensor evaluate(const torch::nn::BatchNorm2dImpl& norm, const Tensor& x) {
  return by_element(x, [&](auto element) {
    using Element = decltype(element);
    const Tensor inverse = (norm.running_var + norm.options.eps()).rsqrt();
    const Affine<typename KernelTypes<Element>::Computed> affine(norm.running_mean, inverse, norm.weight, norm.bias);
    return pool<Element>(x, affine).y;
  });
}

}  // namespace

Tensor norm_relu_pool(torch::nn::BatchNorm2d& norm, const Tensor& x) {
  if (fits_kernels(*norm, x)) {
    if (norm->is_training()) return NormPoolFunction::apply(x, norm->weight, norm->bias, running_of(*norm));
    if (!at::GradMode::is_enabled()) return evaluate(*norm, x);
  }
  return torch::max_pool2d(batch_norm(norm, x, {.relu = true}), 3, 2, 1);
}

}  // namespace pdmp::models
