#include <gmock/gmock.h>

#include "methods/toy_model.h"

namespace pdmp::methods {
namespace {

using namespace testing;  // pdmp::testing

// methods-modulation 1.8 number 1, the vanilla row.
TEST(Joint, ToyTable) {
  const auto model = scalar_model();
  MethodAtWork run(model, method("joint"), {}, scalar_batch());
  std::vector<double> raw;
  run.watched.before = [&] { raw = {theta(*model, 0).grad().item<double>(), theta(*model, 1).grad().item<double>()}; };
  const Loss first = run.train(scalar_batch());
  EXPECT_NEAR(first.total.item<double>(), 4.01814993, 1e-8);
  EXPECT_FALSE(first.total.requires_grad());
  EXPECT_NEAR(raw[0], 1.96402758, 1e-8);
  EXPECT_NEAR(raw[1], 1.96402758, 1e-8);
  EXPECT_NEAR(theta(*model, 0).item<double>(), .99803587, 1e-8);
  EXPECT_NEAR(theta(*model, 1).item<double>(), .99803587, 1e-8);
  EXPECT_NEAR(run.train(scalar_batch()).total.item<double>(), 3.99888448, 1e-8);
  EXPECT_NEAR(theta(*model, 0).item<double>(), .99430666, 1e-8);
  EXPECT_NEAR(theta(*model, 1).item<double>(), .99431244, 1e-8);
}

TEST(Joint, ChangesNothing) {
  const auto joint = method("joint");
  EXPECT_FALSE(joint->needs_ranking());
  EXPECT_FALSE(joint->clips_after_modulation());
  EXPECT_TRUE(joint->coefficients().empty());
  EXPECT_TRUE(joint->notes().empty());
  const auto model = scalar_model();
  EXPECT_EQ(joint->parameter_groups(*model, {}).size(), default_groups(*model).size());
}

}  // namespace
}  // namespace pdmp::methods
