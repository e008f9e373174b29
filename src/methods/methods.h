// How each method's options are made; the one place that names a method to the table.
#pragma once

#include <memory>

#include "pdmp/method.h"

namespace pdmp {

std::unique_ptr<MethodOptions> make_agm_options();
std::unique_ptr<MethodOptions> make_joint_options();
std::unique_ptr<MethodOptions> make_mmcosine_options();
std::unique_ptr<MethodOptions> make_dgl_options();
std::unique_ptr<MethodOptions> make_mmpareto_options();
std::unique_ptr<MethodOptions> make_ogm_ge_options();
std::unique_ptr<MethodOptions> make_ogm_options();
std::unique_ptr<MethodOptions> make_pdmp_options();
std::unique_ptr<MethodOptions> make_cggm_options();
std::unique_ptr<MethodOptions> make_gmml_options();
std::unique_ptr<MethodOptions> make_uniform_lr_options();

}  // namespace pdmp
