#include <gtest/gtest.h>

#include "pdmp/optimizer.h"

namespace pdmp::optim {
namespace {

TEST(Archive, FindsByName) {
  Archive archive;
  archive.tensors.emplace_back("a", at::ones({2}));
  archive.tensors.emplace_back("b", at::zeros({3}));
  ASSERT_NE(archive.find("b"), nullptr);
  EXPECT_EQ(archive.find("b")->size(0), 3);
  EXPECT_EQ(archive.find("c"), nullptr);
}

}  // namespace
}  // namespace pdmp::optim
