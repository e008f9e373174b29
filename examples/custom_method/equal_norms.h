// Equal norms: every encoder gets a gradient of the same size.
#pragma once

#include <pdmp/method.h>
#include <vector>

// c_m = (mean of all g_n / g_m) ^ strength, g_m the norm of the gradient of encoder m. 1 where there is no gradient.
std::vector<double> equalizing_factors(const std::vector<double>& norms, double strength);

struct EqualNormsOptions {
  static constexpr const char* kMethod = "equal_norms";

  double strength = 1;  // at least 0; 1 makes the norms equal, 0 is joint training

  void describe(pdmp::OptionList& list);
  std::unique_ptr<pdmp::Method> make() const;
};

void register_equal_norms();
