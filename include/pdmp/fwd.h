// Forward declarations for interfaces that only pass these types on. pdmp/tensor.h defines Tensor.
#pragma once

namespace at {
class Tensor;
}

namespace pdmp {

// LibTorch's tensor: a handle with a reference count. Copies share their values.
using Tensor = at::Tensor;

class Dataset;
class Method;
class Model;
class OptionList;

}  // namespace pdmp
