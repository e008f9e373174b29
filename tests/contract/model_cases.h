// What the contract of models is tried on: every encoder of the table for every type of modality it takes, under
// `concat`, and every fusion over numbers or over modalities of different types.
#pragma once

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "base/spec.h"
#include "pdmp/error.h"
#include "pdmp/model.h"

namespace pdmp::testing {

inline const std::vector<ModalityInfo>& examples() {
  static const std::vector<ModalityInfo> infos = {{"m", "image", {3, 32, 24}},
                                                  {"m", "audio", {1, 24, 32}},
                                                  {"m", "frames", {3, 2, 24, 24}},
                                                  {"m", "flow", {2, 2, 24, 24}},
                                                  {"m", "tensor", {3, 16}},
                                                  {"m", "vector", {6}},
                                                  {"m", "text", {12}}};
  return infos;
}

// So small that a test takes moments, and without dropout, which would make every pass another one. A row that is not
// here is tested as it is.
struct EncoderFacts {
  const char* name;
  const char* spec;
  std::vector<std::string> types = {};  // of `examples`; none: all it takes
  bool slow = false;                    // too slow for finite differences and for overfitting
  double lr = 1e-2;                     // overfits with it
};

inline EncoderFacts facts_of(const EncoderInfo& row) {
  static const std::vector<EncoderFacts> facts = {
      {.name = "resnet18", .spec = "resnet18:width=4", .types = {"image", "audio", "frames", "flow"}},
      {.name = "resnet34", .spec = "resnet34:width=4", .types = {"image"}, .slow = true},
      {.name = "resnet18_front", .spec = "resnet18_front:width=4:se=2", .types = {"audio", "frames"}},
      {.name = "mobilenet_v3_small", .spec = "mobilenet_v3_small", .types = {"image"}, .slow = true},
      {.name = "mlp", .spec = "mlp", .types = {"flow", "vector"}},
      {.name = "text_cnn", .spec = "text_cnn:embedding=16:width=16"},
      {.name = "text_ngrams", .spec = "text_ngrams:width=16:buckets=512"},
      {.name = "transformer",
       .spec = "transformer:dim=16:heads=2:mlp=32:depth=1:dropout=0",
       .types = {"frames", "tensor", "text"},
       .lr = 3e-3}};
  for (const EncoderFacts& fact : facts) {
    if (row.name == std::string(fact.name)) return fact;
  }
  return {.name = row.name, .spec = row.name};
}

struct FusionFacts {
  const char* name;
  std::string spec;
  bool own = true;    // unimodal logits of m rest on m alone
  bool sums = false;  // unimodal logits sum to the fused ones
  double lr = 1e-2;   // overfits with it
};

inline std::vector<FusionFacts> facts_of(const FusionInfo& row) {
  static const std::vector<FusionFacts> facts = {
      {.name = "concat", .spec = "concat", .sums = true},
      {.name = "sum", .spec = "sum", .sums = true},
      {.name = "film", .spec = "film", .own = false, .sums = true},  // the first modality scales the second's part
      {.name = "film", .spec = "film:unimodal=self"},
      {.name = "se_fusion", .spec = "se_fusion:width=4:se=2"},
      {.name = "mmtm", .spec = "mmtm:width=4"},
      // Branches whose maps have gone through the same gates.
      {.name = "mmtm", .spec = "mmtm:width=4:share-late=false:heads=branch", .own = false},
      {.name = "mmformer", .spec = "mmformer:dim=16:heads=2:mlp=32:grid=2:dropout=0:width=4", .lr = 3e-3}};
  std::vector<FusionFacts> found;
  for (const FusionFacts& fact : facts) {
    if (row.name == std::string(fact.name)) found.push_back(fact);
  }
  if (found.empty()) found.push_back({.name = row.name, .spec = row.name});
  return found;
}

struct ModelCase {
  std::string name;
  std::string default_encoder, default_fusion;  // one of them: what is tested, with its own defaults
  std::vector<ModalityInfo> infos;              // four
  NameMap encoders;
  FusionFacts fusion;
  bool slow = false;
  double lr = 1e-2;
};

inline void PrintTo(const ModelCase& c, std::ostream* stream) { *stream << c.name; }

inline std::vector<ModelCase> quick(std::vector<ModelCase> cases) {
  std::erase_if(cases, [](const ModelCase& c) { return c.slow; });
  return cases;
}

inline bool takes(const std::string& encoder, const ModalityInfo& modality) {
  try {
    make_encoder(encoder, modality);
    return true;
  } catch (const Error&) {
    return false;
  }
}

// "mmtm:heads=branch" -> "mmtm_heads_branch"
inline std::string word(std::string text) {
  for (char& c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return text;
}

inline std::vector<ModalityInfo> named(std::vector<ModalityInfo> infos) {
  for (size_t m = 0; m < infos.size(); ++m) infos[m].name = "m" + std::to_string(m);
  return infos;
}

inline std::vector<ModelCase> encoder_cases() {
  std::vector<ModelCase> cases;
  for (const EncoderInfo& row : encoder_table()) {
    const EncoderFacts facts = facts_of(row);
    for (const ModalityInfo& modality : examples()) {
      const bool listed = std::find(facts.types.begin(), facts.types.end(), modality.type) != facts.types.end();
      if (facts.types.empty() ? !takes(facts.spec, modality) : !listed) continue;
      ModelCase c{.name = word(std::string(row.name) + "_" + modality.type),
                  .default_encoder = row.name,
                  .default_fusion = "",
                  .infos = named(std::vector<ModalityInfo>(4, modality)),
                  .encoders = {},
                  .fusion = facts_of(fusion_table().front()).front(),
                  .slow = facts.slow,
                  .lr = facts.lr};
      for (const ModalityInfo& info : c.infos) c.encoders[info.name] = facts.spec;
      cases.push_back(std::move(c));
    }
  }
  return cases;
}

// What the fusion asks for, where it asks for something of its own; else as small as in the tests of encoders.
inline std::string small_encoder(const std::string& fusion, const ModalityInfo& info,
                                 const std::vector<ModalityInfo>& infos) {
  const std::string spec = configure(fusion_table(), "fusion", fusion, "fusion")->encoder(info, infos);
  for (const EncoderInfo& row : encoder_table()) {
    if (row.name == spec) return facts_of(row).spec;
  }
  return spec;
}

inline ModelCase fusion_case(const FusionInfo& row, const FusionFacts& facts, const std::string& kind,
                             const std::vector<ModalityInfo>& infos) {
  ModelCase c{.name = word(facts.spec + "_" + kind),
              .default_encoder = "",
              .default_fusion = row.name,
              .infos = infos,
              .encoders = {},
              .fusion = facts,
              .slow = false,
              .lr = facts.lr};
  for (const ModalityInfo& info : infos) {
    c.encoders[info.name] = info.type == "vector" ? "mlp:hidden=16+8" : small_encoder(facts.spec, info, infos);
  }
  return c;
}

// Over numbers, which have no map; where the fusion asks for encoders of its own, over these too.
inline std::vector<ModelCase> fusion_cases() {
  const std::vector<ModalityInfo> numbers = named(std::vector<ModalityInfo>(4, {"", "vector", {6}}));
  const std::vector<ModalityInfo> mixed =
      named({{"", "image", {3, 32, 24}}, {"", "audio", {1, 24, 32}}, {"", "tensor", {3, 16}}, {"", "text", {12}}});
  std::vector<ModelCase> cases;
  for (const FusionInfo& row : fusion_table()) {
    const bool own_encoders = row.make_options()->encoder(mixed[0], mixed) != default_encoder(mixed[0]);
    for (const FusionFacts& facts : facts_of(row)) {
      cases.push_back(fusion_case(row, facts, "numbers", numbers));
      if (own_encoders) cases.push_back(fusion_case(row, facts, "mixed", mixed));
    }
  }
  return cases;
}

}  // namespace pdmp::testing
