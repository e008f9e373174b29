// Opens at start what librsvg and its libraries open when they first need it.
#include "data/svg/fonts.h"

#include <algorithm>
#include <cairo-ft.h>
#include <fontconfig/fontconfig.h>
#include <iconv.h>
#include <string>
#include <vector>

#include "data/svg/draw.h"

namespace pdmp::data {
namespace {

constexpr const char* kFamilies[] = {"sans-serif", "serif", "monospace"};
constexpr int kWeights[] = {FC_WEIGHT_REGULAR, FC_WEIGHT_BOLD};
constexpr int kSlants[] = {FC_SLANT_ROMAN, FC_SLANT_ITALIC};
constexpr size_t kMostFonts = 9;  // cairo keeps ten open

std::string file_of(FcConfig* config, const char* family, int weight, int slant) {
  FcPattern* pattern = FcPatternCreate();
  FcPatternAddString(pattern, FC_FAMILY, reinterpret_cast<const FcChar8*>(family));
  FcPatternAddInteger(pattern, FC_WEIGHT, weight);
  FcPatternAddInteger(pattern, FC_SLANT, slant);
  FcPatternAddBool(pattern, FC_SCALABLE, FcTrue);
  FcConfigSubstitute(config, pattern, FcMatchPattern);
  FcDefaultSubstitute(pattern);
  FcResult result = FcResultNoMatch;
  std::string file;
  FcPattern* match = FcFontMatch(config, pattern, &result);
  FcChar8* name = nullptr;
  if (match != nullptr && FcPatternGetString(match, FC_FILE, 0, &name) == FcResultMatch)
    file = reinterpret_cast<const char*>(name);
  if (match != nullptr) FcPatternDestroy(match);
  FcPatternDestroy(pattern);
  return file;
}

// The most needed first: regular upright of each family.
std::vector<std::string> font_files() {
  FcConfig* all = FcInitLoadConfigAndFonts();
  std::vector<std::string> files;
  if (all == nullptr) return files;
  for (const int slant : kSlants) {
    for (const int weight : kWeights) {
      for (const char* family : kFamilies) {
        const std::string file = file_of(all, family, weight, slant);
        const bool known = std::find(files.begin(), files.end(), file) != files.end();
        if (!file.empty() && !known && files.size() < kMostFonts) files.push_back(file);
      }
    }
  }
  FcConfigDestroy(all);
  return files;
}

// Never unlocked, so that cairo keeps the font's file open.
void pin(FcPattern* font) {
  cairo_font_face_t* face = cairo_ft_font_face_create_for_pattern(font);
  cairo_font_options_t* options = cairo_font_options_create();
  cairo_matrix_t size, identity;
  constexpr double kSize = 16;
  cairo_matrix_init_scale(&size, kSize, kSize);
  cairo_matrix_init_identity(&identity);
  cairo_scaled_font_t* scaled = cairo_scaled_font_create(face, &size, &identity, options);
  if (cairo_scaled_font_status(scaled) == CAIRO_STATUS_SUCCESS) cairo_ft_scaled_font_lock_face(scaled);
  cairo_font_options_destroy(options);
}

// From here on there are no other fonts.
void use_only(const std::vector<std::string>& files) {
  FcConfig* config = FcConfigCreate();
  FcConfigParseAndLoad(config, nullptr, FcFalse);
  for (const std::string& file : files) FcConfigAppFontAddFile(config, reinterpret_cast<const FcChar8*>(file.c_str()));
  FcConfigSetCurrent(config);
  const FcFontSet* fonts = FcConfigGetFonts(config, FcSetApplication);
  for (int i = 0; fonts != nullptr && i < fonts->nfont; ++i) pin(fonts->fonts[i]);
}

// What glibc converts by modules of its own, it finds again once they have been used.
void load_encodings() {
  for (const char* name : {"ISO-8859-1", "ISO-8859-2", "ISO-8859-5", "ISO-8859-15", "WINDOWS-1250", "WINDOWS-1251",
                           "WINDOWS-1252", "KOI8-R", "SHIFT_JIS", "EUC-JP", "GB2312", "GBK", "BIG5", "EUC-KR"}) {
    iconv_open("UTF-8", name);
    iconv_open(name, "UTF-8");
  }
}

// Text in every font and both kinds of embedded images: whatever that loads stays.
std::string everything() {
  std::string text;
  for (const char* family : kFamilies) {
    for (const char* style :
         {"", " font-weight='bold'", " font-style='italic'", " font-weight='bold' font-style='italic'"}) {
      text += std::string("<text y='20' font-family='") + family + "'" + style + ">Ag</text>";
    }
  }
  // One black pixel as PNG and as JPEG.
  const char* png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==";
  const char* jpeg =
      "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////"
      "////////wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAA//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AN//Z";
  return std::string(
             "<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink' width='32' "
             "height='32'>") +
         text + "<image width='8' height='8' xlink:href='data:image/png;base64," + png +
         "'/><image width='8' height='8' xlink:href='data:image/jpeg;base64," + jpeg + "'/></svg>";
}

}  // namespace

void load_fonts() {
  load_encodings();
  use_only(font_files());
  constexpr int64_t kEnough = 1 << 16;
  draw(everything(), {.smallest = 0, .max_pixels = kEnough});
}

}  // namespace pdmp::data
