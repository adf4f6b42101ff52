/*
 * Randomness from the kernel. Any thread.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

void random_bytes(void *into, size_t n);
uint32_t random_u32(void);

/*
 * A password of n characters (n >= 1) out of 62 letters and digits, 5.95 bits each, plus a NUL:
 * none of its characters needs quoting in a shell, in SQL, in a URL or in an option file.
 */
void random_password(char *into, size_t n);
