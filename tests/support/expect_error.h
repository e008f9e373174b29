// Checks that a call throws pdmp::Error of a kind, in one line, with all the words a person needs.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "pdmp/error.h"

namespace pdmp::testing {

template <class Call>
void expect_error(ErrorKind kind, const std::vector<std::string>& words, Call&& call) {
  try {
    call();
    ADD_FAILURE() << "no error; expected one about " << ::testing::PrintToString(words);
  } catch (const Error& error) {
    const std::string message = error.what();
    EXPECT_EQ(error.kind(), kind) << message;
    EXPECT_THAT(message, ::testing::Not(::testing::HasSubstr("\n")));
    for (const std::string& word : words) EXPECT_THAT(message, ::testing::HasSubstr(word));
  }
}

}  // namespace pdmp::testing
