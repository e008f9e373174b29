#include "train/step/history.h"

#include <gtest/gtest.h>

#include "pdmp/error.h"

namespace pdmp::training {
namespace {

TEST(History, NoteOfAnEpochSaysWhatItWaitedForData) {
  EpochRecord record;
  record.epoch = 2;
  record.train_loss = 0.41249;
  const Metric& accuracy = find_metric("accuracy");
  EXPECT_EQ(epoch_note(record, 0.0036, accuracy), "epoch 3: loss 0.412, data wait 0.4 %");
  record.val.emplace();
  record.val->scores["accuracy"] = 0.875;
  EXPECT_EQ(epoch_note(record, 0.5, accuracy), "epoch 3: loss 0.412, validation 0.875, data wait 50.0 %");
  record.val->scores["loss"] = 0.25;
  record.ema = record.val;
  record.ema->scores["loss"] = 0.125;
  EXPECT_EQ(epoch_note(record, 0.5, find_metric("loss")),
            "epoch 3: loss 0.412, validation loss 0.250, averaged 0.125, data wait 50.0 %");
}

TEST(History, RecordsRoundTripExactly) {
  EpochRecord record;
  record.epoch = 7;
  record.train_loss = 1.0 / 3.0;
  record.train_accuracy = 0.1;
  record.val.emplace();
  record.val->n = 31;
  record.val->scores["loss"] = 0.1 + 0.2;  // not 0.3
  record.val->scores["accuracy"] = 2.0 / 3.0;
  record.val->scores["macro_f1"] = 0.7;
  record.val->unimodal_accuracy = {0.25, 1.0 / 7.0};
  record.val->unimodal_loss = {1.5, 2.5};
  record.val->dependency = {3.0, 1e-9};
  record.ema = record.val;
  record.ema->scores["accuracy"] = 0.3;
  const EpochRecord back = epoch_record_from_json(nlohmann::json::parse(to_json(record).dump()));
  EXPECT_EQ(back.epoch, 7);
  EXPECT_EQ(back.train_loss, record.train_loss);
  EXPECT_EQ(back.val->n, 31);
  EXPECT_EQ(back.val->loss(), 0.1 + 0.2);
  EXPECT_EQ(back.val->unimodal_accuracy, record.val->unimodal_accuracy);
  EXPECT_EQ(back.val->unimodal_loss, record.val->unimodal_loss);
  EXPECT_EQ(back.val->dependency, record.val->dependency);
  EXPECT_EQ(back.ema->accuracy(), 0.3);
}

TEST(History, WhatWasRightIsFourSamplesADigit) {
  const Tensor right = torch::tensor({1, 0, 1, 0, 1, 1, 1, 1, 0, 1}).to(torch::kBool);
  EXPECT_EQ(text_of_correct(right), "af4");  // 1010 1111 01
  EXPECT_TRUE(correct_of_text("af4", 10).equal(right));
  EXPECT_EQ(text_of_correct(torch::zeros({0}, torch::kBool)), "");
  for (const auto& [text, n] : {std::pair("af", 10), std::pair("af4", 13), std::pair("aF4", 10)}) {
    EXPECT_THROW(correct_of_text(text, n), Error) << text;
  }
  EpochRecord record;
  record.val.emplace();
  record.val->n = 10;
  EXPECT_FALSE(to_json(record).at("val").contains("correct"));
  record.val->correct = right;
  EXPECT_TRUE(epoch_record_from_json(to_json(record)).val->correct.equal(right));
}

TEST(History, NoValidationStaysNone) { EXPECT_FALSE(epoch_record_from_json(to_json(EpochRecord{})).val.has_value()); }

}  // namespace
}  // namespace pdmp::training
