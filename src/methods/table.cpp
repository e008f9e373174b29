#include "base/table.h"

#include "methods/methods.h"

namespace pdmp {

const std::vector<MethodInfo>& method_table() {
  static const std::vector<MethodInfo> table = {
      joint_method(),
      pdmp_method(),
      uniform_lr_method(),
      ogm_method(),
      ogm_ge_method(),
      agm_method(),
      mmcosine_method(),
      cggm_method(),
      gmml_method(),
      mmpareto_method(),
      dgl_method(),
      arl_method(),
      ggdm_method(),
      greedy_method(),
      unimodal_ensemble_method(),
      modality_dropout_method(),
      udml_method(),
      pmr_method(),
      dnr_method(),
      umt_method(),
      lfm_method(),
      g_blending_method(),
      mla_method(),
      reconboost_method(),
  };
  return table;
}

const MethodInfo& find_method(const std::string& name) { return get_row(method_table(), name, "unknown method"); }

}  // namespace pdmp
