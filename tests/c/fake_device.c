/* SPDX-License-Identifier: Apache-2.0
 * The fake kernel's device: what a doorbell store does. */
#include "fake_kernel.h"
#include <stdatomic.h>
#include <stdlib.h>
#include <ucontext.h>

#ifndef __x86_64__
#error "the doorbell trap decodes x86-64 stores only"
#endif

static struct sigaction before;

static void vanish(struct object *q)
{
	note("remove = 0");
	removed = q->gone = 1;
	/* Loads and stores raise SIGBUS from here on, the doorbell's too. */
	if (mprotect(q->map[MMIO].at, q->map[MMIO].len, PROT_READ | PROT_WRITE) ||
	    ftruncate(q->fd, 0))
		abort();
}

static void complete(struct object *q, unsigned slot)
{
	uint32_t *sqe = (uint32_t *)(q->map[DUS].at + slot * SQE);
	char *cqe = q->map[DUS].at + DEPTH * SQE + q->cq_tail * CQE;
	uint64_t from = sqe[18] | (uint64_t)sqe[19] << 32, to = sqe[20] | (uint64_t)sqe[21] << 32;
	uint32_t len = sqe[4] < sqe[14] ? sqe[4] : sqe[14];
	long status = 0, head = slot, number = q->number;

	fault("status", &status);
	fault("sq_head", &head);
	fault("sq_num", &number);
	if (from && to)
		memcpy((void *)to, (void *)from, len);
	else
		len = sqe[4];
	sqe[0] = sqe[1] = len;
	sqe[3] = (sqe[3] & ~0xffu) | (uint32_t)status;
	*(uint16_t *)(cqe + 8) = (uint16_t)head;
	*(uint16_t *)(cqe + 10) = (uint16_t)number;
	/* The phase is what the program looks at; all the rest comes before it. */
	atomic_store_explicit((_Atomic uint16_t *)(cqe + 14), (uint16_t)q->phase,
			      memory_order_release);
	q->cq_tail = (q->cq_tail + 1) % DEPTH;
	q->phase ^= q->cq_tail == 0;
	q->completed++;
}

static void run(struct object *q)
{
	while (q->started && q->map[DUS].at && q->sq_head != q->sq_tail &&
	       (q->cq_tail + 1) % DEPTH != q->cq_head && !fault("hold", NULL)) {
		unsigned next = (q->sq_head + 1) % DEPTH;

		if (fault("remove", NULL)) {
			vanish(q);
			return;
		}
		if (fault("swap", NULL)) {
			if (next == q->sq_tail)
				return;
			complete(q, next);
			next = (next + 1) % DEPTH;
		}
		complete(q, q->sq_head);
		q->sq_head = next;
	}
}

static void doorbell(struct object *q, size_t offset, uint64_t value)
{
	int v1 = offset == 0x340;
	unsigned number = value & (v1 ? 0xffff : 0x3ff);
	unsigned command = v1 ? value >> 16 & 0xffff : value >> 12 & 0xf;
	unsigned index = value >> 32 & 0xffff;

	if ((!v1 && offset != 0x1000) || number != (unsigned)q->number || command > 1 ||
	    index >= DEPTH) {
		note("store %#zx %#llx = bad", offset, (unsigned long long)value);
		return;
	}
	if (command == 0)
		q->sq_tail = index;
	else
		q->cq_head = index;
	run(q);
}

/* The 64-bit store of a register, `REX.W 89 /r`: its length, or 0 for another instruction. */
static int decode(const uint8_t *code, const ucontext_t *context, uint64_t *value)
{
	static const int registers[] = { REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP,
					 REG_RSI, REG_RDI, REG_R8,  REG_R9,  REG_R10, REG_R11,
					 REG_R12, REG_R13, REG_R14, REG_R15 };
	int mod = code[2] >> 6, low = code[2] & 7, sib = low == 4 && mod != 3;
	int wide = mod == 2 || (mod == 0 && (low == 5 || (sib && (code[3] & 7) == 5)));

	if ((code[0] & 0xf8) != 0x48 || code[1] != 0x89 || mod == 3)
		return 0;
	*value = (uint64_t)context->uc_mcontext
			 .gregs[registers[(code[2] >> 3 & 7) | (code[0] & 4) << 1]];
	return 3 + sib + (wide ? 4 : mod == 1);
}

static void on_store(int sig, siginfo_t *info, void *context)
{
	ucontext_t *machine = context;
	uint64_t value;
	int saved = errno;

	for (int i = 0; info->si_code > 0 && i < COUNT(objects); i++) {
		struct object *q = &objects[i];
		size_t offset = (size_t)((char *)info->si_addr - q->map[MMIO].at);
		int len;

		if (q->kind == FREE || !q->map[MMIO].at || offset >= q->map[MMIO].len)
			continue;
		len = decode((uint8_t *)machine->uc_mcontext.gregs[REG_RIP], machine, &value);
		if (!len)
			break;
		lock();
		if (!q->gone) {
			doorbell(q, offset, value);
			machine->uc_mcontext.gregs[REG_RIP] += len;
		}
		unlock();
		errno = saved;
		return;
	}
	/* Not ours: what was there before, or the end, when the instruction runs again. */
	if (before.sa_flags & SA_SIGINFO)
		before.sa_sigaction(sig, info, context);
	else
		signal(sig, SIG_DFL);
}

/* Once, and not before the first doorbell page: so this is in front of the program's own handler. */
void trap_stores(void)
{
	static int done;
	struct sigaction action = { .sa_sigaction = on_store, .sa_flags = SA_SIGINFO };

	if (!done && sigaction(SIGSEGV, &action, &before))
		abort();
	done = 1;
}
