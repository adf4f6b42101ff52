/*
 * Runs a fuzz target over files given by name, without libFuzzer: what `meson test` does with every
 * seed under any compiler.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define SEED_MAX (1 << 22)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = NULL;
    long size = -1;
    bool good = false;

    if (file && fseek(file, 0, SEEK_END) == 0)
        size = ftell(file);
    /* In memory of just that size, for a sanitizer to see reads past its end. */
    if (size > 0 && size <= SEED_MAX)
        bytes = malloc((size_t)size);
    if (bytes) {
        rewind(file);
        good = fread(bytes, 1, (size_t)size, file) == (size_t)size;
    }
    if (good)
        (void)LLVMFuzzerTestOneInput(bytes, (size_t)size);
    free(bytes);
    if (file)
        (void)fclose(file);
    if (!good)
        (void)fprintf(stderr, "%s: can not be read\n", path);
    return good ? 0 : 1;
}

int main(int argc, char **argv)
{
    int failed = 0;

    for (int i = 1; i < argc; i++)
        failed |= run_file(argv[i]);
    (void)printf("%d files\n", argc - 1);
    return failed || argc < 2;
}
