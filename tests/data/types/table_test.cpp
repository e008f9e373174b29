#include <gtest/gtest.h>

#include "data/types/entry.h"
#include "support/expect_error.h"

namespace pdmp::data {
namespace {

using testing::entry;
using testing::expect_error;

TEST(ModalityTypeTable, HasEveryTypeOfTheFormat) {
  std::vector<std::string> names;
  for (const ModalityTypeInfo& info : modality_type_table()) names.emplace_back(info.name);
  EXPECT_EQ(names, (std::vector<std::string>{"image", "frames", "flow", "audio", "tensor", "vector", "text"}));
}

TEST(ModalityTypeTable, EveryTypeHasDefaultsAndRefusesUnknownSettings) {
  for (const ModalityTypeInfo& info : modality_type_table()) {
    EXPECT_NE(make_modality_type(entry(info.name)), nullptr) << info.name;
    expect_error(ErrorKind::data, {"modality 'm'", "profil_x"},
                 [&] { make_modality_type(entry(info.name, R"("profil_x": 1)")); });
  }
}

TEST(ModalityTypeTable, UnknownTypesGetASuggestion) {
  expect_error(ErrorKind::data, {"modality 'm'", "'imge'", "did you mean 'image'"},
               [] { make_modality_type(entry("imge")); });
}

}  // namespace
}  // namespace pdmp::data
