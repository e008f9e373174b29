#include "train/history.h"

#include <gtest/gtest.h>

namespace pdmp {
namespace {

TEST(History, RecordsRoundTripExactly) {
  EpochRecord record;
  record.epoch = 7;
  record.train_loss = 1.0 / 3.0;
  record.train_accuracy = 0.1;
  record.val.emplace();
  record.val->n = 31;
  record.val->loss = 0.1 + 0.2;  // not 0.3
  record.val->accuracy = 2.0 / 3.0;
  record.val->macro_f1 = 0.7;
  record.val->unimodal_accuracy = {0.25, 1.0 / 7.0};
  record.val->unimodal_loss = {1.5, 2.5};
  record.val->dependency = {3.0, 1e-9};
  const EpochRecord back = epoch_record_from_json(nlohmann::json::parse(to_json(record).dump()));
  EXPECT_EQ(back.epoch, 7);
  EXPECT_EQ(back.train_loss, record.train_loss);
  EXPECT_EQ(back.val->n, 31);
  EXPECT_EQ(back.val->loss, 0.1 + 0.2);
  EXPECT_EQ(back.val->unimodal_accuracy, record.val->unimodal_accuracy);
  EXPECT_EQ(back.val->unimodal_loss, record.val->unimodal_loss);
  EXPECT_EQ(back.val->dependency, record.val->dependency);
}

TEST(History, NoValidationStaysNone) { EXPECT_FALSE(epoch_record_from_json(to_json(EpochRecord{})).val.has_value()); }

}  // namespace
}  // namespace pdmp
