// Fonts, decoders and character sets that drawings may need, loaded while files can still be opened.
#pragma once

namespace pdmp::data {

// Afterwards text is drawn in the fonts of the generic families sans-serif, serif and monospace, upright and slanted,
// regular and bold, whatever family a drawing asks for; embedded PNG and JPEG images are decoded; and the usual
// encodings are known.
void load_fonts();

}  // namespace pdmp::data
