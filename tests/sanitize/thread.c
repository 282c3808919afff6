// SPDX-License-Identifier: Apache-2.0
/* What rustc's code calls and gcc's libtsan does not have: it watches the functions of the C library. */
#include <string.h>

void *__tsan_memcpy(void *to, const void *from, size_t n) { return memcpy(to, from, n); }
void *__tsan_memmove(void *to, const void *from, size_t n) { return memmove(to, from, n); }
void *__tsan_memset(void *to, int byte, size_t n) { return memset(to, byte, n); }
