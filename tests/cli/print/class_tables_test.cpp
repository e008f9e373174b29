#include "cli/print/class_tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>

#include "pdmp/torch.h"

namespace pdmp::cli {
namespace {

const Tensor& truth() {
  static const Tensor values = torch::tensor({0, 0, 0, 1, 1, 2, 2, 2, 2}, torch::kInt64);
  return values;
}
const Tensor& prediction() {
  static const Tensor values = torch::tensor({0, 1, 0, 1, 1, 2, 0, 2, 1}, torch::kInt64);
  return values;
}
const std::vector<std::string> kClasses = {"cat", "a class of a name that nobody would want to read", "\x1b[2J"};

std::string confusion(std::optional<size_t> columns) {
  std::ostringstream out;
  print_confusion_table(kClasses, truth(), prediction(), columns, out);
  return out.str();
}

TEST(ClassTables, NamesAreBoundedAndPrintable) {
  EXPECT_EQ(class_table(kClasses, ClassCounts(truth(), prediction(), 3), std::nullopt),
            "\n"
            "class                             precision  recall      F1  n\n"
            "cat                                  0.6667  0.6667  0.6667  3\n"
            "a class of a name that nobody w~     0.5000  1.0000  0.6667  2\n"
            "\\u001b[2J                            1.0000  0.5000  0.6667  4\n");
}

TEST(ClassTables, ATerminalGetsAHundredClassesAndAFileAll) {
  std::vector<std::string> classes;
  for (int c = 0; c < 103; ++c) classes.push_back("class" + std::to_string(c));
  const ClassCounts counts(torch::arange(103), torch::arange(103), 103);
  EXPECT_THAT(class_table(classes, counts, 80), ::testing::EndsWith("and 3 more classes: --json has all of them\n"));
  EXPECT_THAT(class_table(classes, counts, 80), ::testing::Not(::testing::HasSubstr("class100")));
  EXPECT_THAT(class_table(classes, counts, std::nullopt), ::testing::HasSubstr("\nclass102 "));
  EXPECT_EQ(class_json(classes, counts).size(), 103u);
}

TEST(ClassTables, TheConfusionMatrixHasNamesThenNumbersThenIsLeftOut) {
  EXPECT_EQ(confusion(80),
            "\nconfusion matrix: rows are the truth, columns the prediction\n"
            "truth                             cat  a class of ~  \\u001b[2J\n"
            "cat                                 2             1          0\n"
            "a class of a name that nobody w~    0             2          0\n"
            "\\u001b[2J                           1             1          2\n");
  EXPECT_EQ(confusion(80), confusion(std::nullopt));
  EXPECT_EQ(confusion(50),
            "\nconfusion matrix: rows are the truth, columns the prediction\n"
            "truth                               0  1  2\n"
            "0 cat                               2  1  0\n"
            "1 a class of a name that nobody w~  0  2  0\n"
            "2 \\u001b[2J                         1  1  2\n");
  EXPECT_EQ(confusion(40),
            "\nthe confusion matrix of 3 classes is wider than the terminal: --json, or a file, has it\n");
}

TEST(ClassTables, TheMatrixOfJsonIsWhole) {
  std::ostringstream out;
  print_confusion_json(3, truth(), prediction(), out);
  EXPECT_EQ(nlohmann::json::parse(out.str()), nlohmann::json::parse("[[2, 1, 0], [0, 2, 0], [1, 1, 2]]"));
}

}  // namespace
}  // namespace pdmp::cli
