#include "models/layers/winograd.h"

#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <ATen/record_function.h>
#include <algorithm>
#include <torch/autograd.h>
#include <torch/nn/modules/conv.h>

#include "kernels/winograd_kernels.h"
#include "models/layers/norm_statistics.h"
#include "models/layers/share_out.h"

namespace pdmp::models {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Tiles at a time, whose transformed form stays in the second-level cache.
constexpr int64_t kBlock = 64;
// Fewer do not pay for the transformed filters, which take as long as ten tiles.
constexpr int64_t kFewestTiles = 24;
// A tile of points apart by a power of two would fall on few lines of a cache.
constexpr int64_t kApart = 16;

template <class T>
const kernels::WinogradKernels<T>& winograd_kernels_for() {
  if constexpr (std::is_same_v<T, float>) {
    return kernels::winograd_kernels().of_float;
  } else {
    return kernels::winograd_kernels().of_bfloat16;
  }
}

kernels::TiledMap tiled(const Tensor& map) { return {map.size(0), map.size(2), map.size(3), map.size(1)}; }

// A number of matrices of points by `width`, one after the other.
class Matrices {
 public:
  Matrices(int64_t count, int64_t width)
      : stride_(width + kApart), numbers_(at::empty({count, kernels::kWinogradPoints, stride_})) {}

  kernels::Tiles operator[](int64_t i) const {
    return {numbers_.mutable_data_ptr<float>() + i * kernels::kWinogradPoints * stride_, stride_};
  }
  void clear(int64_t i) const { std::fill_n((*this)[i].numbers, kernels::kWinogradPoints * stride_, 0.0F); }

 private:
  int64_t stride_;
  Tensor numbers_;
};

kernels::TransformedFilters as_filters(kernels::Tiles tiles) { return {tiles.numbers, tiles.stride}; }

// Tiles in blocks, at least one a thread.
struct Blocks {
  explicit Blocks(const kernels::TiledMap& map) : tiles(map.tiles()) {
    const int64_t threads = at::get_num_threads();
    size = std::min(kBlock, (tiles + threads - 1) / threads);
    count = (tiles + size - 1) / size;
  }
  kernels::TileRange operator[](int64_t i) const { return {i * size, std::min(tiles, (i + 1) * size)}; }
  int64_t tiles, size, count;
};

// One convolution: tiles of x times filters, a block of tiles and a panel of output channels at a time. The smaller of
// the two, all tiles or all filters, is transformed as a whole, and the other one piece by piece.
template <class T>
class Product {
 public:
  Product(const kernels::WinogradProduct<T>& kernels, const Tensor& x, const Tensor& y,
          const kernels::AfterConvolution<T>& after)
      : kernels_(kernels),
        x_(numbers<T>(x)),
        y_(mutable_numbers<T>(y)),
        after_(after),
        in_(tiled(x)),
        out_(tiled(y)),
        blocks_(in_),
        panel_(kernels::winograd_kernels().panel),
        results_(at::get_num_threads(), blocks_.size * panel_) {}

  // weight: (out, in, 3, 3), the other way round for the gradient of an input.
  void compute(const Tensor& weight) const {
    const auto filters = [&, w = weight.const_data_ptr<float>()](int64_t panel, kernels::Tiles to) {
      kernels_.transform_filters(w, weight.size(0), weight.size(1), panel * panel_, to);
    };
    const int64_t panels = out_.channels / panel_, threads = at::get_num_threads();
    if (blocks_.tiles <= out_.channels) {
      const Matrices all(blocks_.count, blocks_.size * in_.channels), own(threads, in_.channels * panel_);
      share_out(blocks_.count, [&](int64_t block) { to_tiles(block, all[block]); });
      share_out(panels, [&](int64_t panel) {
        const kernels::Tiles to = own[at::get_thread_num()];
        filters(panel, to);
        for (int64_t block = 0; block < blocks_.count; ++block) multiply(block, all[block], panel, as_filters(to));
      });
    } else {
      const Matrices all(panels, in_.channels * panel_), own(threads, blocks_.size * in_.channels);
      share_out(panels, [&](int64_t panel) { filters(panel, all[panel]); });
      share_out(blocks_.count, [&](int64_t block) {
        const kernels::Tiles tiles = own[at::get_thread_num()];
        to_tiles(block, tiles);
        for (int64_t panel = 0; panel < panels; ++panel) multiply(block, tiles, panel, as_filters(all[panel]));
      });
    }
  }

 private:
  void to_tiles(int64_t block, kernels::Tiles to) const { kernels_.map_to_tiles(x_, in_, blocks_[block], to); }

  void multiply(int64_t block, kernels::Tiles tiles, int64_t panel, kernels::TransformedFilters filters) const {
    const kernels::Tiles result = results_[at::get_thread_num()];
    kernels_.multiply(tiles, filters, blocks_[block].count(), in_.channels, result);
    kernels_.tiles_to_map(result, out_, blocks_[block], panel * panel_, after_, y_);
  }

  const kernels::WinogradProduct<T>& kernels_;
  const T* x_;
  T* y_;
  kernels::AfterConvolution<T> after_;
  kernels::TiledMap in_, out_;
  Blocks blocks_;
  int64_t panel_;
  Matrices results_;
};

Tensor map_like(const Tensor& map, int64_t channels) {
  return at::empty({map.size(0), channels, map.size(2), map.size(3)}, map.options(), at::MemoryFormat::ChannelsLast);
}

template <class T>
Tensor forward_of(const Tensor& x, const Tensor& weight, const AfterWinograd& after) {
  const Tensor y = map_like(x, weight.size(0));
  const kernels::AfterConvolution<T> then{numbers<float>(after.bias), numbers<T>(after.added), after.relu};
  Product<T>(winograd_kernels_for<T>().forward, x, y, then).compute(weight);
  return y;
}

template <class T>
Tensor input_gradient(const Tensor& dy, const Tensor& weight) {
  const Tensor dx = map_like(dy, weight.size(1));
  Product<T>(winograd_kernels_for<T>().input_gradient, dy, dx, {nullptr, nullptr, false}).compute(weight);
  return dx;
}

// The gradients of the filters are sums over all tiles. Either all tiles are transformed and the filters shared out, or
// the tiles are shared out and each thread has sums of its own: whichever needs less memory.
template <class T>
class FilterGradients {
 public:
  FilterGradients(const Tensor& x, const Tensor& dy)
      : in_(tiled(x)),
        out_(tiled(dy)),
        blocks_(in_),
        x_(numbers<T>(x)),
        dy_(numbers<T>(dy)),
        dw_(at::empty({out_.channels, in_.channels, 3, 3}, x.options().dtype(at::kFloat),
                      at::MemoryFormat::ChannelsLast)) {
    const int64_t of_tiles = blocks_.tiles * (in_.channels + out_.channels);
    const int64_t of_sums = at::get_num_threads() * in_.channels * out_.channels;
    of_tiles <= of_sums ? share_filters() : share_tiles();
  }
  const Tensor& result() const { return dw_; }

 private:
  static constexpr int64_t kSlice = 16;  // filters

  void to_tiles(int64_t block, kernels::Tiles tiles, kernels::Tiles gradient) const {
    kernels_.map_to_tiles(x_, in_, blocks_[block], tiles);
    kernels_.gradient_to_tiles(dy_, out_, blocks_[block], gradient);
  }

  void store(kernels::Tiles sums, int64_t first, int64_t filters) const {
    kernels_.transform(as_filters(sums), filters, in_.channels,
                       dw_.mutable_data_ptr<float>() + first * 9 * in_.channels);
  }

  void share_filters() const {
    const Matrices tiles(blocks_.count, blocks_.size * in_.channels);
    const Matrices gradient(blocks_.count, blocks_.size * out_.channels);
    share_out(blocks_.count, [&](int64_t block) { to_tiles(block, tiles[block], gradient[block]); });
    const Matrices sums(at::get_num_threads(), kSlice * in_.channels);
    share_out(out_.channels / kSlice, [&](int64_t slice) {
      const int64_t own = at::get_thread_num(), first = slice * kSlice;
      sums.clear(own);
      for (int64_t block = 0; block < blocks_.count; ++block) {
        const kernels::Tiles of_slice{gradient[block].numbers + first, gradient[block].stride};
        kernels_.add(of_slice, out_.channels, tiles[block], blocks_[block].count(), kSlice, in_.channels, sums[own]);
      }
      store(sums[own], first, kSlice);
    });
  }

  void share_tiles() const {
    const int64_t parts = std::min<int64_t>(at::get_num_threads(), blocks_.count);
    const Matrices tiles(parts, blocks_.size * in_.channels), gradient(parts, blocks_.size * out_.channels);
    const Matrices sums(parts, out_.channels * in_.channels);
    share_out(parts, [&](int64_t part) {
      sums.clear(part);
      for (int64_t block = blocks_.count * part / parts; block < blocks_.count * (part + 1) / parts; ++block) {
        to_tiles(block, tiles[part], gradient[part]);
        kernels_.add(gradient[part], out_.channels, tiles[part], blocks_[block].count(), out_.channels, in_.channels,
                     sums[part]);
      }
    });
    share_out(out_.channels / kSlice, [&](int64_t slice) {
      const int64_t first = slice * kSlice;
      for (int64_t part = 1; part < parts; ++part) add(sums[part], sums[0], first);
      store({sums[0].numbers + first * in_.channels, sums[0].stride}, first, kSlice);
    });
  }

  void add(kernels::Tiles from, kernels::Tiles to, int64_t first) const {
    for (int64_t point = 0; point < kernels::kWinogradPoints; ++point) {
      const int64_t at = point * to.stride + first * in_.channels;
      for (int64_t i = at; i < at + kSlice * in_.channels; ++i) to.numbers[i] += from.numbers[i];
    }
  }

  const kernels::WinogradFilterGradient<T>& kernels_ = winograd_kernels_for<T>().filter_gradient;
  kernels::TiledMap in_, out_;
  Blocks blocks_;
  const T* x_;
  const T* dy_;
  Tensor dw_;
};

// pass(T{}) with what the elements of a map are to the kernels.
template <class Pass>
auto by_stored(const Tensor& map, const Pass& pass) {
  return map.scalar_type() == at::kBFloat16 ? pass(kernels::Bfloat16Bits{}) : pass(float{});
}

Tensor recorded_forward(const Tensor& x, const Tensor& weight, const AfterWinograd& after) {
  at::RecordFunction record(at::RecordScope::FUNCTION);
  const c10::IValue inputs[] = {x, weight};
  if (record.isActive()) record.before("pdmp::winograd", c10::ArrayRef<const c10::IValue>(inputs, 2));
  Tensor y = by_stored(x, [&](auto stored) { return forward_of<decltype(stored)>(x, weight, after); });
  if (record.needsOutputs()) record.setOutputs(std::vector<c10::IValue>{y});
  return y;
}

class WinogradFunction : public torch::autograd::Function<WinogradFunction> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& weight) {
    context->save_for_backward({x, weight});
    return recorded_forward(x, weight, {});
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    TORCH_CHECK_NOT_IMPLEMENTED(!at::GradMode::is_enabled(), "3x3 convolutions have no second derivatives here");
    const variable_list saved = context->get_saved_variables();
    const Tensor& x = saved[0];
    const Tensor dy = gradients[0].contiguous(at::MemoryFormat::ChannelsLast);
    return by_stored(x, [&](auto stored) -> variable_list {
      using T = decltype(stored);
      Tensor dx, dw;
      if (context->needs_input_grad(0)) dx = input_gradient<T>(dy, saved[1]);
      if (context->needs_input_grad(1)) dw = FilterGradients<T>(x, dy).result();
      return {dx, dw};
    });
  }
};

template <class Options>
bool is_plain_3x3(const Options& options) {
  const auto all_are = [](const torch::ExpandingArray<2>& pair, int64_t value) {
    return (*pair)[0] == value && (*pair)[1] == value;
  };
  const auto* padding = std::get_if<torch::ExpandingArray<2>>(&options.padding());
  return all_are(options.kernel_size(), 3) && all_are(options.stride(), 1) && all_are(options.dilation(), 1) &&
         options.groups() == 1 && padding != nullptr && all_are(*padding, 1) &&
         std::holds_alternative<torch::enumtype::kZeros>(options.padding_mode());
}

bool fits_panels(int64_t channels) {
  return channels > 0 && channels <= kernels::kMostWinogradChannels &&
         channels % kernels::winograd_kernels().panel == 0 && channels % 16 == 0;
}

bool fits_tiles(const kernels::TiledMap& map) {
  // At least twice as many multiplications without.
  return map.tiles() >= kFewestTiles &&
         map.samples * map.height * map.width * 9 >= 2 * kernels::kWinogradPoints * map.tiles();
}

}  // namespace

bool computes_winograd(const torch::nn::Conv2dImpl& conv, const Tensor& x) {
  const bool bf16 = x.scalar_type() == at::kBFloat16 && at::autocast::is_autocast_enabled(at::kCPU);
  const bool fp32 = x.scalar_type() == at::kFloat && !at::autocast::is_autocast_enabled(at::kCPU);
  return x.device().is_cpu() && (bf16 || fp32) && is_plain_3x3(conv.options) && is_map_in_rows(x, x.scalar_type()) &&
         is_map_in_rows(conv.weight, at::kFloat) && x.size(1) == conv.weight.size(1) && fits_panels(x.size(1)) &&
         fits_panels(conv.weight.size(0)) && x.numel() > 0;
}

bool fits_winograd(const torch::nn::Conv2dImpl& conv, const Tensor& x) {
  return computes_winograd(conv, x) && fits_tiles(tiled(x));
}

Tensor winograd(const Tensor& x, const Tensor& weight) { return WinogradFunction::apply(x, weight); }

Tensor winograd_without_gradients(const Tensor& x, const Tensor& weight, const AfterWinograd& after) {
  return recorded_forward(x, weight, after);
}

}  // namespace pdmp::models
