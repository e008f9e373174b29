#include "models/unimodal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/example_batch.h"
#include "support/expect_error.h"
#include "support/fusion.h"
#include "support/temporary_directory.h"

namespace pdmp::models {
namespace {

using testing::all_present;
using testing::example_batch;
using testing::expect_error;
using testing::make_fusion;
using testing::pooled_features;
using testing::random_features;
using testing::relative_error;

// A game with one number per set of players, counting how often it is asked: modality m is a player where it is
// present.
class Game : public Fusion {
 public:
  explicit Game(std::vector<double> values) : values_(std::move(values)) {}
  Tensor forward(const std::vector<Feature>& features, const Tensor& present) override {
    size_t players = 0;
    for (size_t m = 0; m < features.size(); ++m) {
      const bool here = present[0][static_cast<int64_t>(m)].item<bool>();
      EXPECT_EQ(features[m].pooled.abs().max().item<double>() > 0, here);
      if (here) players |= size_t{1} << m;
    }
    ++asked;
    EXPECT_NE(players, 0U) << "nobody plays";
    return torch::full({1, 1}, values_[players], torch::kDouble);
  }
  std::vector<Tensor> unimodal_logits(const std::vector<Feature>&, const Tensor&) override { return {}; }
  std::optional<int64_t> owner(const std::string&) const override { return std::nullopt; }

  int asked = 0;

 private:
  std::vector<double> values_;
};

std::vector<double> values_of(Game& game, size_t players) {
  std::vector<double> result;
  const auto features = pooled_features(std::vector<Tensor>(players, torch::ones({1, 2})));
  for (const Tensor& value : shapley_logits(game, features, all_present(1, players)))
    result.push_back(value.item<double>());
  return result;
}

// methods-modulation 4: F(12) = 2, F(1) = 1.5, F(2) = .3 -> (1.6, .4).
TEST(Shapley, ReferenceOfTwoPlayers) {
  Game game({99, 1.5, .3, 2});
  const std::vector<double> values = values_of(game, 2);
  EXPECT_NEAR(values[0], 1.6, 1e-12);
  EXPECT_NEAR(values[1], .4, 1e-12);
  EXPECT_EQ(game.asked, 3);
}

// phi_1 = [F(123) - F(23) + F(1)] / 3 + [F(12) - F(2) + F(13) - F(3)] / 6, with F of 1, 2, 12, 3, 13, 23, 123:
// (7 - 4 + 1) / 3 + (5 - 2 + 6 - 3) / 6 = 7/3, (7 - 6 + 2) / 3 + (5 - 1 + 4 - 3) / 6 = 11/6,
// (7 - 5 + 3) / 3 + (6 - 1 + 4 - 2) / 6 = 17/6.
TEST(Shapley, ReferenceOfThreePlayers) {
  Game game({99, 1, 2, 5, 3, 6, 4, 7});
  const std::vector<double> values = values_of(game, 3);
  EXPECT_NEAR(values[0], 7.0 / 3, 1e-12);
  EXPECT_NEAR(values[1], 11.0 / 6, 1e-12);
  EXPECT_NEAR(values[2], 17.0 / 6, 1e-12);
  EXPECT_NEAR(values[0] + values[1] + values[2], 7, 1e-12);
  EXPECT_EQ(game.asked, 7);
}

// With F(12) = 3 instead of 2 both get half of the difference, and nobody is asked for it.
TEST(Shapley, TakesTheWholeAsGiven) {
  Game game({99, 1.5, .3, 2});
  const auto features = pooled_features({torch::ones({1, 2}), torch::ones({1, 2})});
  const std::vector<Tensor> values =
      shapley_logits(game, features, all_present(1, 2), torch::full({1, 1}, 3, torch::kDouble));
  EXPECT_NEAR(values[0].item<double>(), 2.1, 1e-12);
  EXPECT_NEAR(values[1].item<double>(), .9, 1e-12);
  EXPECT_EQ(game.asked, 2);
}

TEST(Shapley, OnePlayerGetsEverything) {
  Game game({99, 4});
  EXPECT_EQ(values_of(game, 1), std::vector<double>{4});
}

TEST(Shapley, OfConcatIsTheEvenSplit) {
  for (const std::vector<int64_t>& widths : {std::vector<int64_t>{3}, {3, 1}, {2, 5, 4}, {1, 2, 3, 4}}) {
    const auto fusion = make_fusion("concat", widths);
    const auto features = random_features(4, widths);
    const Tensor present = all_present(4, widths.size());
    const std::vector<Tensor> even = fusion->unimodal_logits(features, present);
    const std::vector<Tensor> shapley = shapley_logits(*fusion, features, present);
    for (size_t m = 0; m < widths.size(); ++m) EXPECT_LT(relative_error(shapley[m], even[m]), 1e-6);
  }
}

// A modality that a sample lacks is a player that adds nothing.
TEST(Shapley, AbsentModalitiesOfASumGetNothing) {
  const auto fusion = make_fusion("sum", {3, 2});
  auto features = random_features(2, {3, 2});
  Tensor present = all_present(2, 2);
  testing::remove_modality(features, present, 1);
  const std::vector<Tensor> values = shapley_logits(*fusion, features, present);
  EXPECT_LT(values[1].abs().max().item<double>(), 1e-6);
  EXPECT_LT(relative_error(values[0], fusion->forward(features, present)), 1e-6);
}

TEST(UnimodalForm, NamesAndLimits) {
  EXPECT_THAT(unimodal_names(), ::testing::ElementsAre("fusion", "masked", "shapley", "probe"));
  EXPECT_NO_THROW(find_unimodal_form("shapley", 8));
  EXPECT_NO_THROW(find_unimodal_form("masked", 100));
  expect_error(ErrorKind::usage, {"shapley", "at most 8", "found 9", "masked or probe"},
               [] { find_unimodal_form("shapley", 9); });
  expect_error(ErrorKind::usage, {"unknown value 'shaply'", "did you mean 'shapley'"},
               [] { find_unimodal_form("shaply", 2); });
}

const ModalityInfo kA = {"a", "vector", {3}}, kB = {"b", "vector", {2}}, kEye = {"eye", "image", {3, 32, 32}};

Model model(const std::string& form, const std::string& fusion = "concat", const std::string& bn = "frozen") {
  ModelOptions options;
  options.fusion = fusion;
  options.unimodal = form;
  options.bn_unimodal = bn;
  return Model({kA, kB}, 3, options, 0);
}

TEST(UnimodalForm, MaskedIsTheFusedHeadOfOneModality) {
  Model net = model("masked");
  const Batch batch = example_batch({kA, kB}, 4, 3, 1);
  const Outputs outputs = net.forward(batch, true);
  Batch alone = batch;
  alone.present = batch.present.clone();
  alone.present.select(1, 1).fill_(false);
  EXPECT_TRUE(torch::equal(outputs.unimodal[0], net.forward(alone, false).fused));
}

// What extra passes do to BatchNorm of the fusion in training.
TEST(UnimodalForm, BatchNormIsFrozenUnlessAskedOtherwise) {
  for (const char* bn : {"frozen", "train"}) {
    ModelOptions options;
    options.fusion = "se_fusion:width=4:se=2";
    options.bn_unimodal = bn;
    Model net({kEye, kA}, 3, options, 0);
    const Batch batch = example_batch({kEye, kA}, 4, 3, 1);
    const std::vector<Feature> features = net.forward(batch, false).features;
    const Tensor mean = net.named_buffers()["fusion.layer3.0.bn1.running_mean"], before = mean.clone();
    net.unimodal_logits(features, batch.present);
    EXPECT_EQ(torch::equal(mean, before), std::string(bn) == "frozen");
    EXPECT_TRUE(net.fusion().is_training());
  }
  expect_error(ErrorKind::usage, {"bn-unimodal", "frozen or train", "'thawed'"},
               [] { model("fusion", "concat", "thawed"); });
}

TEST(UnimodalForm, ASingleRowHasNoStatistics) {
  for (const char* bn : {"frozen", "train"}) {
    ModelOptions options;
    options.fusion = "se_fusion:width=4:se=2";
    options.bn_unimodal = bn;
    Model net({kA, kB}, 3, options, 0);  // maps of one position
    EXPECT_TRUE(net.forward(example_batch({kA, kB}, 1, 3, 1), true).fused.isfinite().all().item<bool>());
  }
}

TEST(Probes, BelongToNobodyAndChangeNothingElse) {
  const Model with = model("probe"), without = model("fusion");
  const auto& probed = with.ownership();
  ASSERT_EQ(probed.size(), without.ownership().size() + 4);
  for (size_t i = 0; i < without.ownership().size(); ++i) {
    EXPECT_EQ(probed[i].name, without.ownership()[i].name);
    EXPECT_TRUE(torch::equal(probed[i].value, without.ownership()[i].value)) << probed[i].name;
  }
  for (size_t i = without.ownership().size(); i < probed.size(); ++i) {
    EXPECT_TRUE(probed[i].name.starts_with("probes.")) << probed[i].name;
    EXPECT_FALSE(probed[i].owner || probed[i].in_encoder) << probed[i].name;
  }
  EXPECT_EQ(probed.back().name, "probes.b.bias");
}

TEST(Probes, TheirLossReachesThemOnly) {
  Model net = model("probe");
  Batch batch = example_batch({kA, kB}, 4, 3, 1);
  const Outputs outputs = net.forward(batch, true);
  net.probe_loss(outputs.features, batch.present, batch.labels).backward();
  for (const OwnedParameter& parameter : net.ownership())
    EXPECT_EQ(parameter.value.grad().defined(), parameter.name.starts_with("probes.")) << parameter.name;
}

// -log softmax of (2, 0, 0) is .239545 for class 0 and 2.239545 for the others; rows that lack the modality don't
// count.
TEST(Probes, LossIsSummedOverModalitiesAndRowsThatAreThere) {
  Model net = model("probe");
  {
    const torch::NoGradGuard no_grad;
    for (auto& item : net.named_parameters()) {
      if (!item.key().starts_with("probes.")) continue;
      item.value().zero_();
      if (item.key() == "probes.a.bias") item.value()[0] = 2;
    }
  }
  const std::vector<Feature> features = pooled_features({torch::ones({3, 32}), torch::ones({3, 32})});
  const Tensor labels = torch::tensor({int64_t{0}, int64_t{1}, int64_t{0}});
  Tensor present = torch::ones({3, 2}, torch::kBool);
  present[2][0] = false;
  const double expected = (.239545 + 2.239545) / 2 + std::log(3.0);
  EXPECT_NEAR(net.probe_loss(features, present, labels).item<double>(), expected, 2e-6);
  present.select(1, 0).fill_(false);
  EXPECT_NEAR(net.probe_loss(features, present, labels).item<double>(), std::log(3.0), 2e-6);
  present.fill_(false);
  EXPECT_FALSE(net.probe_loss(features, present, labels).defined());
  EXPECT_FALSE(net.probe_loss({}, present, labels).defined());
  EXPECT_FALSE(model("fusion").probe_loss(features, present, labels).defined());
}

TEST(Probes, AreSavedAndLoaded) {
  const testing::TemporaryDirectory directory;
  const std::string path = directory / "weights.safetensors";
  const Model net = model("probe");
  save_weights(net, path);
  ModelOptions options;
  options.unimodal = "probe";
  Model other({kA, kB}, 3, options, 5);
  load_weights(other, path);
  for (const auto& item : net.named_parameters())
    EXPECT_TRUE(torch::equal(item.value(), other.named_parameters()[item.key()])) << item.key();
  expect_error(ErrorKind::data, {"4 unknown (probes.a.bias"}, [&] {
    Model plain = model("fusion");
    load_weights(plain, path);
  });
}

}  // namespace
}  // namespace pdmp::models
