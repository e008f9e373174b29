#include "data/importers/public/kinetics_classes.h"

#include <map>

namespace pdmp::data {
namespace {

// Instruments come last in two of the lists, in one order.
std::vector<std::string> with_instruments(std::vector<std::string> names) {
  for (const char* instrument :
       {"accordion", "bagpipes", "bass guitar", "clarinet", "drums", "guitar", "harmonica", "keyboard", "organ",
        "piano", "saxophone", "trombone", "trumpet", "violin", "xylophone"}) {
    names.push_back(std::string("playing ") + instrument);
  }
  return names;
}

// "typing", "fingerpicking" and "patting" never made it into Kinetics-400; five others were renamed.
KineticsClasses ks34() {
  KineticsClasses classes;
  classes.names = with_instruments({"blowing nose", "bowling", "chopping wood", "ripping paper", "shuffling cards",
                                    "singing", "tapping pen", "typing", "blowing out", "dribbling ball", "laughing",
                                    "mowing the lawn by pushing lawnmower", "shoveling snow", "stomping", "tap dancing",
                                    "tapping guitar", "tickling", "fingerpicking", "patting"});
  const std::map<std::string, std::string> renamed = {{"typing", ""},
                                                      {"fingerpicking", ""},
                                                      {"patting", ""},
                                                      {"blowing out", "blowing out candles"},
                                                      {"dribbling ball", "dribbling basketball"},
                                                      {"mowing the lawn by pushing lawnmower", "mowing lawn"},
                                                      {"stomping", "stomping grapes"}};
  for (const std::string& name : classes.names) {
    const auto found = renamed.find(name);
    classes.labels.push_back(found == renamed.end() ? name : found->second);
  }
  return classes;
}

// "tying tie" stands where "typing" was.
KineticsClasses ks33() {
  KineticsClasses classes;
  classes.names = with_instruments({"blowing nose", "bowling", "chopping wood", "ripping paper", "shuffling cards",
                                    "singing", "tapping pen", "tying tie", "blowing out candles",
                                    "dribbling basketball", "laughing", "mowing lawn", "shoveling snow",
                                    "stomping grapes", "tap dancing", "tapping guitar", "tickling", "finger snapping"});
  classes.labels = classes.names;
  return classes;
}

KineticsClasses ks31() {
  KineticsClasses classes;
  classes.names = {
      "blowing nose",     "blowing out candles", "bowling",           "chopping wood",     "dribbling basketball",
      "laughing",         "mowing lawn",         "playing accordion", "playing bagpipes",  "playing bass guitar",
      "playing clarinet", "playing drums",       "playing guitar",    "playing harmonica", "playing keyboard",
      "playing organ",    "playing piano",       "playing saxophone", "playing trombone",  "playing trumpet",
      "playing violin",   "playing xylophone",   "ripping paper",     "shoveling snow",    "shuffling cards",
      "singing",          "stomping grapes",     "tap dancing",       "tapping guitar",    "tapping pen",
      "tickling"};
  classes.labels = classes.names;
  classes.train = {268, 690, 607, 512, 497, 445, 635, 478, 457, 605, 563, 486, 604, 592, 366, 339,
                   333, 489, 653, 538, 654, 386, 281, 493, 395, 672, 197, 523, 433, 354, 254};
  classes.test = {81, 92, 87, 87, 87, 68, 90, 90, 86, 79, 91, 88, 73, 85, 86, 91,
                  82, 84, 90, 90, 83, 91, 80, 92, 79, 66, 85, 84, 91, 76, 63};
  return classes;
}

}  // namespace

const KineticsClasses& kinetics_classes(const std::string& which) {
  static const std::map<std::string, KineticsClasses> lists = {{"ks34", ks34()}, {"ks33", ks33()}, {"ks31", ks31()}};
  return lists.at(which);
}

}  // namespace pdmp::data
