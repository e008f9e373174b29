#include "base/table.h"

#include "methods/methods.h"

namespace pdmp {

namespace {

Registry<MethodInfo>& rows() {
  static Registry<MethodInfo> table = {
      methods::joint_method(),
      methods::pdmp_method(),
      methods::uniform_lr_method(),
      methods::ogm_method(),
      methods::ogm_ge_method(),
      methods::agm_method(),
      methods::mmcosine_method(),
      methods::cggm_method(),
      methods::gmml_method(),
      methods::mmpareto_method(),
      methods::dgl_method(),
      methods::arl_method(),
      methods::ggdm_method(),
      methods::greedy_method(),
      methods::unimodal_ensemble_method(),
      methods::modality_dropout_method(),
      methods::udml_method(),
      methods::pmr_method(),
      methods::dnr_method(),
      methods::umt_method(),
      methods::lfm_method(),
      methods::g_blending_method(),
      methods::mla_method(),
      methods::reconboost_method(),
  };
  return table;
}

}  // namespace

const Registry<MethodInfo>& method_table() { return rows(); }

void register_method(MethodInfo row) { add_row(rows(), std::move(row), "method"); }

const MethodInfo& find_method(const std::string& name) { return get_row(method_table(), name, "unknown method"); }

}  // namespace pdmp
