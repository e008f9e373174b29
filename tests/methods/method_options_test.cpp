#include "pdmp/method_options.h"

#include <gmock/gmock.h>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pdmp/error.h"
#include "pdmp/method.h"
#include "pdmp/methods/agm.h"
#include "pdmp/methods/arl.h"
#include "pdmp/methods/cggm.h"
#include "pdmp/methods/dgl.h"
#include "pdmp/methods/dnr.h"
#include "pdmp/methods/g_blending.h"
#include "pdmp/methods/ggdm.h"
#include "pdmp/methods/gmml.h"
#include "pdmp/methods/greedy.h"
#include "pdmp/methods/joint.h"
#include "pdmp/methods/lfm.h"
#include "pdmp/methods/mla.h"
#include "pdmp/methods/mmcosine.h"
#include "pdmp/methods/mmpareto.h"
#include "pdmp/methods/modality_dropout.h"
#include "pdmp/methods/ogm.h"
#include "pdmp/methods/pdmp.h"
#include "pdmp/methods/pmr.h"
#include "pdmp/methods/reconboost.h"
#include "pdmp/methods/udml.h"
#include "pdmp/methods/umt.h"
#include "pdmp/methods/uniform_lr.h"
#include "pdmp/methods/unimodal_ensemble.h"
#include "support/expect_error.h"

namespace pdmp {
namespace {

using ::testing::ElementsAre;
using testing::expect_error;

// An option of the method that `choice` names, "pdmp.gamma".
std::string value(MethodChoice choice, const std::string& name) {
  OptionList list;
  choice.describe_chosen(list);
  return list.at(name, "--" + name).text();
}

void set(MethodChoice& choice, const std::string& name, const std::string& text) {
  OptionList list;
  choice.describe_chosen(list);
  list.set(name, text, "--" + name);
}

TEST(MethodChoice, IsMadeOfANameOrOfTypedOptions) {
  EXPECT_EQ(MethodChoice().name(), "joint");
  const MethodChoice named = "ogm_ge";
  EXPECT_EQ(named.name(), "ogm_ge");
  EXPECT_EQ(value(named, "ogm_ge.noise"), "1");
  const MethodChoice typed = PdmpOptions{.gamma = 5};
  EXPECT_EQ(typed.name(), "pdmp");
  EXPECT_EQ(value(typed, "pdmp.gamma"), "5");
  EXPECT_EQ(MethodChoice(OgmGeOptions()).name(), "ogm_ge");
}

TEST(MethodChoice, CopiesAreDeep) {
  MethodChoice original = PdmpOptions(), copy = original, assigned;
  assigned = original;
  set(copy, "pdmp.gamma", "7");
  set(assigned, "pdmp.gamma", "9");
  EXPECT_EQ(value(original, "pdmp.gamma"), "15");
  EXPECT_EQ(value(copy, "pdmp.gamma"), "7");
  EXPECT_EQ(value(assigned, "pdmp.gamma"), "9");
  const MethodChoice moved = std::move(copy);
  EXPECT_EQ(value(moved, "pdmp.gamma"), "7");
}

TEST(MethodChoice, KeepsOptionsOfMethodsNotChosen) {
  MethodChoice choice = PdmpOptions{.gamma = 5};
  choice.select("umt");
  set(choice, "umt.init", "teacher");
  EXPECT_EQ(choice.name(), "umt");
  choice.select("pdmp");
  EXPECT_EQ(value(choice, "pdmp.gamma"), "5");
  choice.select("umt");
  EXPECT_EQ(value(choice, "umt.init"), "teacher");
}

TEST(MethodChoice, MakesTheMethodByItsOptions) {
  EXPECT_NE(MethodChoice("umt").make(), nullptr);
  const MethodChoice choice = OgmOptions{.start_epoch = 3, .end_epoch = 1};
  expect_error(ErrorKind::usage, {"`ogm.start-epoch` 3 is after `ogm.end-epoch` 1"}, [&] { choice.make(); });
}

TEST(MethodChoice, RefusesANameThatNoMethodHas) {
  const MethodChoice choice = "pdpm";
  expect_error(ErrorKind::usage, {"unknown method 'pdpm'; did you mean 'pdmp'?"}, [&] { choice.make(); });
}

TEST(MethodOptions, EveryNameOfAChoiceIsAValue) {
  for (const MethodInfo& row : method_table()) {
    const std::unique_ptr<MethodOptions> options = row.make_options();
    OptionList list;
    list.group(row.name, [&](OptionList& inner) { options->describe(inner); });
    for (const auto& option : list.all()) {
      for (const std::string& name : option->choices()) {
        list.set(option->name(), name, "--" + option->name());
        EXPECT_EQ(option->text(), name) << option->name();
      }
    }
  }
}

using Defaults = std::vector<std::pair<std::string, std::string>>;  // of each option, in order

Defaults defaults_of(const OptionList& list) {
  Defaults defaults;
  for (const auto& option : list.all()) defaults.emplace_back(option->name(), option->default_text());
  return defaults;
}

template <class... Options>
std::map<std::string, Defaults> typed_defaults() {
  std::map<std::string, Defaults> all;
  const auto add = [&](auto options) {
    OptionList list;
    options.describe(list);
    all[options.kMethod] = defaults_of(list);
  };
  (add(Options()), ...);
  return all;
}

TEST(MethodOptions, RowsHaveTheTypedOptionsOfTheirMethod) {
  const std::map<std::string, Defaults> typed =
      typed_defaults<AgmOptions, ArlOptions, CggmOptions, DglOptions, DnrOptions, GBlendingOptions, GgdmOptions,
                     GmmlOptions, GreedyOptions, JointOptions, LfmOptions, MlaOptions, MmCosineOptions, MmParetoOptions,
                     ModalityDropoutOptions, OgmOptions, OgmGeOptions, PdmpOptions, PmrOptions, ReconBoostOptions,
                     UdmlOptions, UmtOptions, UniformLrOptions, UnimodalEnsembleOptions>();
  EXPECT_EQ(typed.size(), method_table().size());
  for (const MethodInfo& row : method_table()) {
    const std::unique_ptr<MethodOptions> options = row.make_options();
    OptionList list;
    options->describe(list);
    ASSERT_EQ(typed.count(row.name), 1u) << row.name;
    EXPECT_EQ(defaults_of(list), typed.at(row.name)) << row.name;
  }
}

TEST(MethodOptions, AutoIsAnOptionalChoiceWithoutAValue) {
  PdmpOptions options;
  OptionList list;
  options.describe(list);
  Option& mechanism = list.at("mechanism", "--mechanism");
  EXPECT_THAT(mechanism.choices(), ElementsAre("auto", "grad", "lr"));
  EXPECT_EQ(mechanism.text(), "auto");
  mechanism.set("lr", "--mechanism");
  EXPECT_EQ(options.mechanism, PdmpMechanism::lr);
  expect_error(ErrorKind::usage, {"--mechanism: expected one of auto, grad, lr, found 'grads'; did you mean 'grad'?"},
               [&] { mechanism.set("grads", "--mechanism"); });
  expect_error(ErrorKind::usage, {"expected one of auto, grad, lr, found 'none'"},
               [&] { mechanism.set("none", "--mechanism"); });
  EXPECT_EQ(options.mechanism, PdmpMechanism::lr) << "a refused value must not be stored";
  mechanism.set("auto", "--mechanism");
  EXPECT_EQ(options.mechanism, std::nullopt);
}

}  // namespace
}  // namespace pdmp
