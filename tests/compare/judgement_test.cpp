#include "compare/judgement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pdmp::comparing {
namespace {

using ::testing::DoubleEq;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Rows whose runs are in memory: what they got right ('1') of the test samples, one string a seed.
class Table {
 public:
  explicit Table(size_t seeds = 2) {
    for (size_t s = 0; s < seeds; ++s) comparison.seeds.push_back(s);
    comparison.resamples = 2000;
  }

  ComparisonRow& add(const std::string& name, const std::string& fusion, const std::vector<std::string>& hits,
                     int64_t validation_hits = 0, const std::string& trace = "") {
    ComparisonRow row;
    row.name = name;
    row.method = name.substr(0, name.find(':'));
    row.fusion = fusion;
    RowRuns own;
    own.validation_hits = validation_hits;
    for (size_t s = 0; s < hits.size(); ++s) {
      own.hits.emplace_back();
      for (const char c : hits[s]) own.hits.back().push_back(c == '1' ? 1 : 0);
      own.traces.push_back(trace.empty() ? name + std::to_string(s) : trace + std::to_string(s));
      row.validation_accuracy.push_back(.5);
      row.epoch_seconds.push_back(2);
    }
    comparison.rows.push_back(row);
    runs.push_back(own);
    return comparison.rows.back();
  }

  void judged() { judge(comparison, runs); }
  const ComparisonRow& operator[](size_t i) const { return comparison.rows[i]; }
  std::vector<double> places() const {
    std::vector<double> result;
    for (const ComparisonRow& row : comparison.rows) result.push_back(row.rank);
    return result;
  }

  Comparison comparison;
  std::vector<RowRuns> runs;
};

// 40 samples, the first `right` of them right.
std::string first(size_t right) { return std::string(right, '1') + std::string(40 - right, '0'); }

Contrast contrast(double mean, double p_holm) {
  Contrast result;
  result.difference.mean = mean;
  result.p_holm = p_holm;
  return result;
}

TEST(Verdict, IsOfTheSignAndTheCorrectedP) {
  EXPECT_EQ(verdict(contrast(.1, .049)), Verdict::better);
  EXPECT_EQ(verdict(contrast(.1, .05)), Verdict::above);
  EXPECT_EQ(verdict(contrast(0, .001)), Verdict::equal);
  EXPECT_EQ(verdict(contrast(-.1, .05)), Verdict::below);
  EXPECT_EQ(verdict(contrast(-.1, .049)), Verdict::worse);
}

// Merits of a loss are negative; hits would rank the other way round.
TEST(Judge, RanksAndChoosesByTheMetricOfTheTraining) {
  Table table;
  table.comparison.select_metric = "loss";
  table.add("a alone", "", {first(30), first(30)}, 60);
  table.add("b alone", "", {first(20), first(20)}, 40);
  table.add("joint", "concat", {first(10), first(10)});
  table.runs[0].test_merit = table.runs[0].validation_merit = -3.5;
  table.runs[1].test_merit = table.runs[1].validation_merit = -2.5;
  table.runs[2].test_merit = -2.5;
  table.judged();
  EXPECT_THAT(table.places(), ElementsAre(3, 1.5, 1.5));
  EXPECT_EQ(table.comparison.best_unimodal, "b alone");
  EXPECT_FALSE(table[0].indistinguishable);
  EXPECT_TRUE(table[1].indistinguishable && table[2].best);
}

TEST(Judge, RanksUnimodalModelsAndAllFusionsTogether) {
  Table table;
  table.add("a alone", "", {first(30), first(30)});
  table.add("joint", "concat", {first(20), first(20)});
  table.add("ogm", "concat", {first(20), first(20)});
  table.add("joint", "sum", {first(10), first(10)});
  table.add("refused", "sum", {}).refusal = "no branches";
  table.judged();
  EXPECT_THAT(table.places(), ElementsAre(1, 2.5, 2.5, 4, 0));
  EXPECT_TRUE(table[0].best);
  EXPECT_FALSE(table[1].best);
  EXPECT_FALSE(table[3].best);
}

TEST(Judge, EqualBestRowsAreBothBest) {
  Table table;
  table.add("a alone", "", {first(30), first(30)});
  table.add("joint", "concat", {first(29), first(31)});
  table.add("ogm", "concat", {first(30), first(29)});
  table.judged();
  EXPECT_THAT(table.places(), ElementsAre(1.5, 1.5, 3));
  EXPECT_TRUE(table[0].best && table[1].best);
  EXPECT_FALSE(table[2].best);
  EXPECT_TRUE(table[2].indistinguishable);
}

TEST(Judge, TheBestUnimodalModelIsChosenOnValidationNotOnTest) {
  Table table;
  table.add("a alone", "", {first(30), first(30)}, 10);
  table.add("b alone", "", {first(20), first(20)}, 12);
  table.add("c alone", "", {first(25), first(25)}, 12);  // as many: the first one counts
  table.add("joint", "concat", {first(28), first(28)});
  table.judged();
  EXPECT_EQ(table.comparison.best_unimodal, "b alone");
  ASSERT_TRUE(table[3].against_unimodal.has_value());
  EXPECT_NEAR(table[3].against_unimodal->difference.mean, 8.0 / 40, 1e-12);
  EXPECT_EQ(verdict(*table[3].against_unimodal), Verdict::better);
  EXPECT_EQ(table[3].against_unimodal->mcnemar[0].only_other, 8);
  EXPECT_NEAR(table[3].against_unimodal->mcnemar[0].p, 0.0078125, 1e-12);  // scipy.stats.binomtest(0, 8).pvalue
  EXPECT_FALSE(table[0].against_unimodal.has_value());
  EXPECT_TRUE(table.comparison.notes.empty());
}

TEST(Judge, WithoutValidationNoneOfSeveralUnimodalModelsIsChosen) {
  Table table;
  for (const char* name : {"a alone", "b alone"}) table.add(name, "", {first(30), first(30)}).validation_accuracy = {};
  table.add("joint", "concat", {first(28), first(28)});
  table.judged();
  EXPECT_EQ(table.comparison.best_unimodal, "");
  EXPECT_FALSE(table[2].against_unimodal.has_value());
  EXPECT_THAT(table.comparison.notes, ElementsAre(HasSubstr("no validation split to choose it on")));

  Table single;
  single.add("a alone", "", {first(30), first(30)}).validation_accuracy = {};
  single.add("joint", "concat", {first(28), first(28)});
  single.judged();
  EXPECT_EQ(single.comparison.best_unimodal, "a alone");
}

TEST(Judge, MethodsOfAllFusionsAreOneFamilyAgainstTheUnimodalModel) {
  Table table;
  table.add("a alone", "", {first(10), first(10)});
  table.add("joint", "concat", {first(25), first(25)});
  table.add("joint", "sum", {first(26), first(26)});
  table.judged();
  const Contrast &concat = *table[1].against_unimodal, &sum = *table[2].against_unimodal;
  EXPECT_EQ(concat.difference.p, 1.0 / 2000);  // no resample on the other side
  EXPECT_EQ(concat.p_holm, 2.0 / 2000);
  EXPECT_EQ(sum.p_holm, 2.0 / 2000);
  // Holm: the smaller p (of 16 samples, 2 x .5^16) counts twice, the larger (of 15) once; both are .5^14.
  EXPECT_DOUBLE_EQ(sum.mcnemar_holm[0], 1.0 / 16384);
  EXPECT_DOUBLE_EQ(concat.mcnemar_holm[0], 1.0 / 16384);
}

TEST(Judge, AUnimodalReferenceMeetsAllOtherRows) {
  Table table;
  table.add("a alone", "", {first(20), first(20)}, 9);
  table.add("b alone", "", {first(10), first(10)});
  table.add("joint", "concat", {first(30), first(30)});
  table.add("joint", "sum", {first(20), first(20)});
  table.comparison.reference = "a alone";
  table.judged();
  EXPECT_FALSE(table[0].against_reference.has_value());
  EXPECT_NEAR(table[1].against_reference->difference.mean, -.25, 1e-12);
  EXPECT_NEAR(table[2].against_reference->difference.mean, .25, 1e-12);
  EXPECT_EQ(table[3].against_reference->difference.mean, 0);
  EXPECT_THAT(table[1].relative_time, DoubleEq(1));
  // The smallest of three p-values counts three times.
  EXPECT_DOUBLE_EQ(table[1].against_reference->p_holm, 3.0 / 2000);
}

TEST(Judge, AControlHoldsWhatItsRowGainsOverIt) {
  Table table;
  table.add("joint", "concat", {first(20), first(20)});
  table.add("pdmp", "concat", {first(30), first(30)});
  table.add("pdmp:coefficients=[a=15,b=15]", "concat", {first(29), first(31)}).controls = {
      {.of = "pdmp", .what = "every encoder × 15", .of_encoders = true, .gain = {}}};
  table.add("joint:lr=0.15", "concat", {first(10), first(10)}).controls = {
      {.of = "pdmp", .what = "joint, learning rate × 15", .of_encoders = false, .gain = {}},
      {.of = "pdmp:gamma=15", .what = "joint, learning rate × 15", .of_encoders = false, .gain = {}}};
  table.judged();
  EXPECT_EQ(table[2].controls[0].gain->difference.mean, 0);
  EXPECT_NEAR(table[3].controls[0].gain->difference.mean, .5, 1e-12);
  EXPECT_EQ(table[3].controls[0].gain->p_holm, 2.0 / 2000);  // the family is both controls
  EXPECT_FALSE(table[3].controls[1].gain.has_value());       // that row is not there
}

TEST(Judge, AMethodWhoseEveryRunIsAJointOneNeverActed) {
  Table table;
  table.add("joint", "concat", {first(20), first(20)}, 0, "same");
  table.add("dnr", "concat", {first(20), first(20)}, 0, "same");
  table.add("ogm", "concat", {first(20), first(20)});  // as good, by another way
  table.add("joint:lr=0.1", "concat", {first(20), first(20)}, 0, "same");
  table.add("dnr", "sum", {first(20), first(20)}, 0, "same");  // no joint there
  ComparisonRow& half = table.add("uniform_lr", "concat", {first(20), first(20)}, 0, "same");
  table.runs.back().traces[1] = "other";
  half.rank = 0;
  table.judged();
  EXPECT_EQ(table[1].never_acted, "joint");
  for (const size_t i : {0, 2, 3, 4, 5}) EXPECT_EQ(table[i].never_acted, "") << i;
}

}  // namespace
}  // namespace pdmp::comparing
