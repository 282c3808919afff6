/* SPDX-License-Identifier: Apache-2.0
 * What the files of the fake kernel have in common; see fake_kernel.c. */
#ifndef FAKE_KERNEL_H
#define FAKE_KERNEL_H

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

#define COUNT(a) (int)(sizeof(a) / sizeof((a)[0]))
/* The function of this name behind ours. */
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

enum kind { FREE, NODE, CONTAINER, GROUP, MDEV };
enum region { MMIO, DUS, SS, REGIONS };
enum { DEPTH = 1024, SQE = 128, CQE = 16, DUS_AT = 0x10000, SS_AT = 0x50000, FILE_SIZE = SS_AT };

/* An open file. It is known by its inode, so a duplicate is the same. */
struct object {
	enum kind kind;
	char name[32];
	ino_t ino;
	int fd;
	/* NODE, MDEV */
	int started, gone, zombie, number, completed;
	struct { char *at; size_t len; int ever; } map[REGIONS];
	unsigned sq_head, sq_tail, cq_head, cq_tail, phase;
	/* GROUP */
	struct object *container;
	/* CONTAINER */
	int iommu, maps;
	struct { uint64_t iova, size; } dma[256];
};

/* Of these names the program sees none. */
#pragma GCC visibility push(hidden)

extern struct object objects[64];
/* Bytes of a page; version 6 of the interface; the device has been removed; $FAKE_SS. */
extern size_t page;
extern int v6, removed, slice;

/* One thread at a time is inside. */
void lock(void);
void unlock(void);
/* Writes a line to the log. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Whether a fault of this name is due now, and its value (which may be NULL). */
int fault(const char *name, long *value);
/* A system call's return value: negative values go to errno. */
int answer(long value);
/* The served file that a descriptor names, or NULL. */
struct object *find(int fd);
/* Forgets files that are closed, and what the kernel forgets with them. */
void reap(void);
/* A new open file. */
struct object *create(enum kind kind, const char *name, int cloexec);
/* The groups in a container. */
int groups_in(const struct object *container);
/* Takes the trap for stores into doorbell pages. */
void trap_stores(void);

#pragma GCC visibility pop

#endif
