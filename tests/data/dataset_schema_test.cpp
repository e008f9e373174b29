// docs/dataset.schema.json and the reader know the same keys, and the examples of the docs are valid by both.
#include <algorithm>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

#include "base/files/file.h"
#include "base/text/value_text.h"
#include "data/manifest/dataset_json.h"
#include "data/types/modality_type.h"
#include "pdmp/error.h"
#include "support/json_schema.h"

namespace pdmp::data {
namespace {

using Json = nlohmann::json;
using Names = std::set<std::string>;
namespace fs = std::filesystem;

const fs::path kDocs = PDMP_TEST_DOCS;

const Json& schema() {
  static const Json json = read_json(kDocs / "dataset.schema.json");
  return json;
}

const Json& schema_of(const std::string& type) { return schema().at("$defs").at(type); }

Names keys_of(const Json& object) {
  Names keys;
  for (const auto& [key, value] : object.items()) keys.insert(key);
  return keys;
}

// What a message about an unknown key says there is: "...; there are a, b, c".
Names named_in(const std::string& message) {
  const size_t at = message.rfind("; there are ");
  EXPECT_NE(at, std::string::npos) << message;
  const std::vector<std::string> names = split(message.substr(at + std::string("; there are ").size()), ',');
  return {names.begin(), names.end()};
}

constexpr const char* kUnknown = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

std::string refusal(const Json& dataset) {
  try {
    parse_dataset_json(dataset, "d/dataset.json");
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

Json with_modality(const Json& modality) { return {{"modalities", {modality}}}; }

// Of `log_stft_av`, which has every setting of audio.
Json modality_of(const std::string& type) {
  Json modality = {{"name", "m"}, {"type", type}};
  if (type == "audio") modality["profile"] = "log_stft_av";
  return modality;
}

TEST(DatasetSchema, HasTheKeysOfTheReader) {
  EXPECT_EQ(keys_of(schema().at("properties")), Names(dataset_json_keys().begin(), dataset_json_keys().end()));
  EXPECT_EQ(keys_of(schema().at("properties")), named_in(refusal({{kUnknown, 1}})));
}

TEST(DatasetSchema, HasTheTypesOfTheReader) {
  Names types, listed;
  for (const ModalityTypeInfo& info : modality_type_table()) types.insert(info.name);
  for (const Json& item : schema().at("properties").at("modalities").at("items").at("oneOf")) {
    listed.insert(item.at("$ref").get<std::string>().substr(std::string("#/$defs/").size()));
  }
  EXPECT_EQ(listed, types);
}

TEST(DatasetSchema, HasTheSettingsOfEachType) {
  for (const ModalityTypeInfo& info : modality_type_table()) {
    Json modality = modality_of(info.name);
    modality[kUnknown] = 1;
    EXPECT_EQ(keys_of(schema_of(info.name).at("properties")), named_in(refusal(with_modality(modality)))) << info.name;
  }
}

TEST(DatasetSchema, HasTheSettingsOfAugmentation) {
  for (const ModalityTypeInfo& info : modality_type_table()) {
    const Json& properties = schema_of(info.name).at("properties");
    if (!properties.contains("augment")) continue;
    Json modality = modality_of(info.name);
    modality["augment"] = {{kUnknown, 1}};
    EXPECT_EQ(keys_of(properties.at("augment").at("oneOf").at(1).at("properties")),
              named_in(refusal(with_modality(modality))))
        << info.name;
  }
}

// Of every choice and range that the schema states: its values are taken by the reader, and those beside it are not.
class Values {
 public:
  Values(std::string type, std::string key, bool augment)
      : type_(std::move(type)), key_(std::move(key)), augment_(augment) {}

  void check(const Json& rule) const {
    for (const Json& value : rule.value("enum", Json::array())) expect(value, true);
    if (rule.contains("enum")) expect("neither", false);
    const double step = rule.value("type", "") == "integer" ? 1 : 0.001;
    if (rule.contains("minimum")) {
      expect(number(rule, rule["minimum"].get<double>()), true);
      expect(number(rule, rule["minimum"].get<double>() - step), false);
    }
    if (rule.contains("maximum") && key_ != "rotation") expect(number(rule, rule["maximum"].get<double>()), true);
    if (rule.contains("maximum")) expect(number(rule, rule["maximum"].get<double>() + step), false);
  }

 private:
  static Json number(const Json& rule, double value) {
    return rule.value("type", "") == "integer" ? Json(static_cast<int64_t>(value)) : Json(value);
  }

  void expect(const Json& value, bool good) const {
    Json modality = modality_of(type_);
    (augment_ ? modality["augment"][key_] : modality[key_]) = value;
    const Json dataset = with_modality(modality);
    EXPECT_EQ(refusal(dataset).empty(), good) << dataset << " " << refusal(dataset);
    EXPECT_EQ(testing::JsonSchema(schema()).problem(dataset).empty(), good) << dataset;
  }

  std::string type_, key_;
  bool augment_;
};

TEST(DatasetSchema, HasTheChoicesAndRangesOfTheReader) {
  for (const ModalityTypeInfo& info : modality_type_table()) {
    for (const auto& [key, rule] : schema_of(info.name).at("properties").items()) {
      if (key == "augment") {
        for (const auto& [inner, inner_rule] : rule.at("oneOf").at(1).at("properties").items()) {
          Values(info.name, inner, true).check(inner_rule);
        }
      } else {
        Values(info.name, key, false).check(rule);
      }
    }
  }
}

// {...} of the ```json blocks of a page, and of files that its shell examples write as dataset.json.
std::vector<Json> examples_in(const fs::path& page) {
  std::vector<Json> examples;
  const std::string text = read_file(page);
  for (const auto& [begin, end] :
       {std::pair<std::string, std::string>("```json\n", "```"), {"dataset.json <<'END'\n", "\nEND"}}) {
    for (size_t at = text.find(begin); at != std::string::npos; at = text.find(begin, at + 1)) {
      const size_t first = at + begin.size();
      examples.push_back(Json::parse(text.substr(first, text.find(end, first) - first)));
    }
  }
  return examples;
}

TEST(DatasetSchema, TheExamplesOfTheDocsAreValid) {
  const testing::JsonSchema checked(schema());
  size_t count = 0;
  for (const char* page : {"data-format.md", "data.md"}) {
    for (const Json& example : examples_in(kDocs / page)) {
      if (!example.contains("modalities")) continue;
      ++count;
      EXPECT_EQ(checked.problem(example), "") << example;
      EXPECT_EQ(refusal(example), "") << example;
    }
  }
  EXPECT_GE(count, 3u);
}

TEST(DatasetSchema, WhatTheReaderRefusesIsNotValid) {
  const testing::JsonSchema checked(schema());
  const Json text = {{"name", "t"}, {"type", "text"}, {"column", "t"}};
  for (const Json& bad :
       {Json::object(), Json{{"modalities", Json::array()}}, Json{{"modalities", {text}}, {"label", 1}},
        Json{{"modalities", {text}}, {"label", ""}}, Json{{"modalities", {text}}, {"missing", "skipp"}},
        Json{{"modalities", {text}}, {"val_fraction", 1}}, Json{{"modalities", {text}}, {"val_seed", -1}},
        Json{{"modalities", {text}}, {"classes", {"a", "a"}}}, Json{{"modalities", {text}}, {"task", "x"}},
        with_modality({{"name", "a b"}, {"type", "text"}}), with_modality({{"type", "text"}}),
        with_modality({{"name", "a"}, {"type", "txt"}}),
        with_modality({{"name", "a"}, {"type", "image"}, {"augment", "all"}}),
        with_modality({{"name", "a"}, {"type", "image"}, {"std", {0, 1, 1}}}),
        with_modality({{"name", "a"}, {"type", "tensor"}, {"shape", Json::array()}})}) {
    EXPECT_NE(checked.problem(bad), "") << bad;
    EXPECT_NE(refusal(bad), "") << bad;
  }
}

}  // namespace
}  // namespace pdmp::data
