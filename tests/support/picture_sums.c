/* Decodes the pictures whose paths come on stdin, one a line, for comparison with other programs. Prints for each, in
 * order: "WIDTH HEIGHT XXH3", the hash of its RGB bytes with 16 hex digits; or the name of the error and its message.
 *
 * usage: picture_sums [drop | white] [MAX_PIXELS [WIDTH HEIGHT]] < LIST
 *
 * WIDTH HEIGHT: decode for a picture that is to be resized to that. */
#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/status.h"
#include "decode/image_decode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int n_args, char **args)
{
    char line[8192];
    const alpha_policy alpha = n_args > 1 && strcmp(args[1], "white") == 0 ? ALPHA_WHITE : ALPHA_DROP;
    const image_limits limits = {.max_pixels = n_args > 2 ? atoll(args[2]) : 0};
    const int64_t width = n_args > 4 ? atoll(args[3]) : INT64_MAX, height = n_args > 4 ? atoll(args[4]) : INT64_MAX;
    while (fgets(line, sizeof line, stdin)) {
        uint8_t *bytes = NULL;
        size_t n = 0;
        image m = {0};
        line[strcspn(line, "\n")] = 0;
        int rc = file_read(line, SIZE_MAX / 2, &bytes, &n);
        if (rc == OK) rc = image_decode_for(bytes, n, &limits, alpha, width, height, &m);
        if (rc == OK)
            printf("%lld %lld %016llx\n", (long long)m.width, (long long)m.height,
                   (unsigned long long)hash64(m.rgb, (size_t)(m.width * m.height * 3), 0));
        else
            printf("%s: %s\n", status_name(rc), status_message());
        fflush(stdout);
        image_free(&m);
        mem_free(&bytes);
    }
    return 0;
}
