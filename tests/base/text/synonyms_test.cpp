#include "base/text/synonyms.h"

#include <gtest/gtest.h>

namespace pdmp {
namespace {

std::string found(std::string_view word, const std::vector<std::string>& options) {
  const Synonym* synonym = find_synonym(word, options);
  return synonym == nullptr ? "none" : std::string(synonym->option) + "=" + synonym->value;
}

TEST(Synonyms, WhatOthersCallIt) {
  EXPECT_EQ(found("learning-rate", {"lr", "epochs"}), "lr=");
  EXPECT_EQ(found("Learning_Rate", {"lr", "epochs"}), "lr=");
  EXPECT_EQ(found("gpu", {"device"}), "device=cuda");
  EXPECT_EQ(found("bs", {"batch-size"}), "batch-size=");
}

TEST(Synonyms, OnlyWhatTheCommandHas) {
  EXPECT_EQ(found("learning-rate", {"epochs"}), "none");
  EXPECT_EQ(found("output", {"run", "out"}), "run=");
  EXPECT_EQ(found("output", {"out"}), "out=");
  EXPECT_EQ(found("temperature", {"lr"}), "none");
}

}  // namespace
}  // namespace pdmp
