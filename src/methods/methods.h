// How each method's options are made; the one place that names a method to the table.
#pragma once

#include <memory>

#include "pdmp/method.h"

namespace pdmp {

std::unique_ptr<MethodOptions> make_joint_options();
std::unique_ptr<MethodOptions> make_pdmp_options();

}  // namespace pdmp
