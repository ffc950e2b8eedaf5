#include "corpus/media_type.h"

#include <string.h>
#include <strings.h>

/* Common formats that no decoder of ours reads are in the table as well: such a file is rejected with a reason, not
 * passed over. */
static const struct {
    const char *ending;
    media_type type;
} endings[] = {
    {"wav", TYPE_AUDIO},  {"wave", TYPE_AUDIO}, {"flac", TYPE_AUDIO}, {"ogg", TYPE_AUDIO},  {"oga", TYPE_AUDIO},
    {"opus", TYPE_AUDIO}, {"mp3", TYPE_AUDIO},  {"mp2", TYPE_AUDIO},  {"aiff", TYPE_AUDIO}, {"aif", TYPE_AUDIO},
    {"aifc", TYPE_AUDIO}, {"au", TYPE_AUDIO},   {"snd", TYPE_AUDIO},  {"gsm", TYPE_AUDIO},  {"w64", TYPE_AUDIO},
    {"rf64", TYPE_AUDIO}, {"caf", TYPE_AUDIO},  {"voc", TYPE_AUDIO},  {"sph", TYPE_AUDIO},  {"m4a", TYPE_AUDIO},
    {"aac", TYPE_AUDIO},  {"wma", TYPE_AUDIO},  {"amr", TYPE_AUDIO},  {"g722", TYPE_AUDIO}, {"jpg", TYPE_IMAGE},
    {"jpeg", TYPE_IMAGE}, {"jpe", TYPE_IMAGE},  {"jfif", TYPE_IMAGE}, {"png", TYPE_IMAGE},  {"webp", TYPE_IMAGE},
    {"apng", TYPE_IMAGE}, {"gif", TYPE_IMAGE},  {"bmp", TYPE_IMAGE},  {"dib", TYPE_IMAGE},  {"tif", TYPE_IMAGE},
    {"tiff", TYPE_IMAGE}, {"pbm", TYPE_IMAGE},  {"pgm", TYPE_IMAGE},  {"ppm", TYPE_IMAGE},  {"pnm", TYPE_IMAGE},
    {"avif", TYPE_IMAGE}, {"heic", TYPE_IMAGE}, {"heif", TYPE_IMAGE}, {"jxl", TYPE_IMAGE},  {"jp2", TYPE_IMAGE},
    {"txt", TYPE_TEXT},
};

media_type media_type_of(const char *name, size_t n, size_t *stem_n)
{
    size_t stem = n;
    while (stem && name[stem - 1] != '.') stem--;
    *stem_n = stem > 1 ? stem - 1 : n;
    if (stem <= 1) return TYPE_OTHER;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (strlen(endings[i].ending) == n - stem && !strncasecmp(endings[i].ending, name + stem, n - stem))
            return endings[i].type;
    return TYPE_OTHER;
}
