/* SPDX-License-Identifier: Apache-2.0
 *
 * What the uadk_*.c programs share. Each prints what it sees, the same at every run, so that two
 * libraries can be compared by what a program prints on them. Addresses, times and names of
 * devices are not printed. */
#ifndef UADK_H
#define UADK_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uadk/wd.h>
#include <uadk/wd_alg.h>
#include <uadk/wd_alg_common.h>
#include <uadk/wd_internal.h>
#include <uadk/wd_sched.h>
#include <uadk/wd_comp.h>

#define UNUSED __attribute__((unused))
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Prints a call that answers a number, and the number. */
#define SAY(call) printf("%s: %ld\n", #call, (long)(call))
/* Prints a call that answers a pointer or a handle, and whether it is one. */
#define SAY_PTR(call) say_pointer(#call, (uintptr_t)(call))
/* Prints a call that answers nothing: that it came back is all there is to see. */
#define SAY_VOID(call) \
	do { \
		(call); \
		printf("%s: returns\n", #call); \
	} while (0)

/* What must hold, whatever the library. */
#define REQUIRE(what) \
	do { \
		if (!(what)) { \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what); \
			exit(1); \
		} \
	} while (0)

static UNUSED void say_pointer(const char *call, uintptr_t p)
{
	if (p > (uintptr_t)-4096)
		printf("%s: %ld\n", call, (long)p);
	else
		printf("%s: %s\n", call, p ? "some" : "none");
}

static UNUSED void title(const char *what)
{
	printf("\n[%s]\n", what);
}

/* Whether the library is this project's: it survives more than can be compared. */
static UNUSED bool ours(void)
{
	return dlsym(RTLD_DEFAULT, "__uadk_v0_wd_send") != NULL;
}

/* A message between the library and a compression driver: the layout is ABI, the header with it is
 * not installed. */
#ifndef WD_COMP_DRV_H
struct uadk_comp_msg {
	struct wd_comp_req req;
	struct wd_mm_ops *mm_ops;
	unsigned mm_type;
	void *c_sgl[6];
	__u8 *ctx_buf;
	unsigned alg_type, comp_lv, win_sz, stream_mode, stream_pos, data_fmt;
	__u32 avail_out, in_cons, produced, isize, checksum, tag;
	bool skip_hw;
};
_Static_assert(sizeof(struct uadk_comp_msg) == 200, "the layout of struct wd_comp_msg");
#endif

#endif
