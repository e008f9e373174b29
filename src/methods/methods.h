// The rows of the table, each at the end of its method's source.
#pragma once

#include "pdmp/method.h"

namespace pdmp::methods {

MethodInfo agm_method();
MethodInfo arl_method();
MethodInfo cggm_method();
MethodInfo dgl_method();
MethodInfo g_blending_method();
MethodInfo ggdm_method();
MethodInfo greedy_method();
MethodInfo gmml_method();
MethodInfo joint_method();
MethodInfo mmcosine_method();
MethodInfo mmpareto_method();
MethodInfo modality_dropout_method();
MethodInfo udml_method();
MethodInfo ogm_ge_method();
MethodInfo ogm_method();
MethodInfo pdmp_method();
MethodInfo pmr_method();
MethodInfo dnr_method();
MethodInfo umt_method();
MethodInfo lfm_method();
MethodInfo uniform_lr_method();
MethodInfo unimodal_ensemble_method();
MethodInfo mla_method();
MethodInfo reconboost_method();

}  // namespace pdmp::methods
