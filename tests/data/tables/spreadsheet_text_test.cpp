#include "data/tables/spreadsheet_text.h"

#include <gtest/gtest.h>

#include "data/tables/csv.h"

namespace pdmp::data {
namespace {

TEST(SpreadsheetText, FormulasGetAnApostrophe) {
  for (const std::string text : {"=1+1", "+cmd", "-2+3", "@SUM(A1)", "=", "-", "\t=1", "\r=1", "\n=1", "  =1", "\"=1",
                                 "'=1", "' \" -x", "-0x41", "-nan(1)", "--1", "1e5-=x\n"}) {
    const bool formula = text[0] != '1';
    EXPECT_EQ(spreadsheet_text(text), formula ? "'" + text : text) << text;
    EXPECT_EQ(from_spreadsheet_text(spreadsheet_text(text)), text);
  }
  EXPECT_EQ(spreadsheet_text("\uFF1D1+1"), "'\uFF1D1+1");
}

TEST(SpreadsheetText, NumbersAndOtherTextStay) {
  for (const std::string text :
       {"-0.5", "+1", "-1e-05", "-3", "0", "cat", "a=b", "'quoted'", "", " ", "x-y", "caf\u00E9"}) {
    EXPECT_EQ(spreadsheet_text(text), text);
    EXPECT_EQ(from_spreadsheet_text(text), text);
  }
}

TEST(SpreadsheetText, TheFieldIsQuoted) {
  EXPECT_EQ(csv_record({spreadsheet_text("=1+1"), "a"}), "\"'=1+1\",a\n");
  EXPECT_EQ(parse_csv("x\n" + csv_record({spreadsheet_text("=1+1")}), "m.csv").rows.at(0).fields.at(0), "'=1+1");
}

}  // namespace
}  // namespace pdmp::data
