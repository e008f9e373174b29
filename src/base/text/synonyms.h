// What options are called elsewhere: "did you mean" for people who come from PyTorch, Lightning, Hugging Face or
// scikit-learn.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pdmp {

struct Synonym {
  const char* word;    // as others write it, in lower case and with hyphens
  const char* option;  // of some command of this program
  const char* value;   // what the option has to be set to; "": what the word was given
};

// A word may stand there several times: commands have different options.
const std::vector<Synonym>& synonym_table();

// The first row for `word` (in any case, with hyphens or underscores) whose option is among `options`, or null.
const Synonym* find_synonym(std::string_view word, const std::vector<std::string>& options);

}  // namespace pdmp
