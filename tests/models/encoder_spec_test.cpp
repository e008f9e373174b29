#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/spec.h"
#include "pdmp/model.h"

namespace pdmp::models {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string usage_error(const std::string& spec, const ModalityInfo& modality = {"imu", "vector", {4}}) {
  try {
    make_encoder(spec, modality);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_THAT(error.what(), HasSubstr("'" + modality.name + "'"));
    return error.what();
  }
  return "nothing thrown";
}

TEST(Spec, ReadsNameAndOptions) {
  const Spec spec = parse_spec("resnet18:width=32:stem=3x3", "here");
  EXPECT_EQ(spec.name, "resnet18");
  EXPECT_EQ(spec.options, (std::vector<std::pair<std::string, std::string>>{{"width", "32"}, {"stem", "3x3"}}));
}

TEST(Spec, ValuesInBracketsHoldCommasAndColons) {
  const Spec spec = parse_spec("mlp:hidden=[8,7]:weights='/a:b,c'", "here");
  EXPECT_EQ(spec.options,
            (std::vector<std::pair<std::string, std::string>>{{"hidden", "[8,7]"}, {"weights", "'/a:b,c'"}}));
  std::vector<double> hidden;
  std::string weights;
  OptionList list;
  list.add("hidden", &hidden, "");
  list.add("weights", &weights, "");
  apply_spec(spec, list, "here");
  EXPECT_EQ(hidden, (std::vector<double>{8, 7}));
  EXPECT_EQ(weights, "/a:b,c");
  EXPECT_THAT(usage_error("mlp:hidden=[8,7"), HasSubstr("the [ at character 12 is not closed"));
}

TEST(Spec, PlusSeparatesListElements) {
  const auto encoder = make_encoder("mlp:hidden=8+7+5", {"imu", "vector", {4}});
  std::vector<std::vector<int64_t>> shapes;
  for (const Tensor& parameter : encoder->parameters()) shapes.push_back(parameter.sizes().vec());
  EXPECT_EQ(shapes, (std::vector<std::vector<int64_t>>{{8, 4}, {8}, {7, 8}, {7}, {5, 7}, {5}}));
  EXPECT_EQ(encoder->width(), 5);
}

TEST(Spec, ErrorsNameModalityAndWay) {
  EXPECT_THAT(usage_error("resnet81"), AllOf(HasSubstr("unknown encoder 'resnet81'"), HasSubstr("resnet18")));
  EXPECT_THAT(usage_error(""), HasSubstr("expected NAME[:option=value]..."));
  EXPECT_THAT(usage_error("mlp:hidden"), HasSubstr("expected option=value"));
  EXPECT_THAT(usage_error("mlp:hiden=4"), HasSubstr("hidden"));
  EXPECT_THAT(usage_error("mlp:hidden=4.5"), HasSubstr("4.5"));
  EXPECT_THAT(usage_error("mlp:hidden=0"), HasSubstr("hidden"));
  EXPECT_THAT(usage_error("resnet18:stem=5x5", {"eye", "image", {3, 8, 8}}), HasSubstr("5x5"));
  EXPECT_THAT(usage_error("conv1d:kernel=4", {"imu", "tensor", {2, 8}}), HasSubstr("odd"));
}

}  // namespace
}  // namespace pdmp::models
