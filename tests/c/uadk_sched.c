/* SPDX-License-Identifier: Apache-2.0
 *
 * The library's schedulers, asked through their own functions. */
#include "uadk_driver.h"

static __u32 polled[64], ready[64], fail_at = INVALID_POS;
static int fail_with;

/* Gives one result a call as long as a context has some. */
static int poll_one(__u32 pos, __u32 expect, __u32 *count)
{
	REQUIRE(pos < 64 && expect > 0);
	polled[pos]++;
	*count = 0;
	if (pos == fail_at)
		return fail_with;
	if (!ready[pos])
		return -EAGAIN;
	*count = expect < ready[pos] ? expect : ready[pos];
	ready[pos] -= *count;
	return 0;
}

static void creation(void)
{
	static const int policies[] = { 0, 1, 2, 3, 4, 255 };
	static const int types[] = { 0, 1, 2, 16 };
	static const int nodes[] = { 0, 1 };

	title("creation");
	for (size_t p = 0; p < COUNT(policies); p++)
		for (size_t t = 0; t < COUNT(types); t++)
			for (size_t n = 0; n < COUNT(nodes); n++) {
				struct wd_sched *s = wd_sched_rr_alloc(policies[p], types[t], nodes[n], poll_one);

				printf("wd_sched_rr_alloc(%d, %d, %d): ", policies[p], types[t], nodes[n]);
				if (!s) {
					printf("none\n");
					continue;
				}
				printf("policy %d init %d pick %d poll %d context %d\n", s->sched_policy,
				       !!s->sched_init, !!s->pick_next_ctx, !!s->poll_policy, !!s->h_sched_ctx);
				wd_sched_rr_release(s);
			}
	SAY_VOID(wd_sched_rr_release(NULL));
}

static void say_instance(struct wd_sched *s, int node, int type, int mode, unsigned begin, unsigned end, unsigned dev)
{
	struct sched_params p = { .numa_id = node, .type = type, .mode = mode,
				  .begin = begin, .end = end, .dev_id = dev };

	printf("instance node %d type %d mode %d contexts %u-%u device %u: %d\n", node, type, mode, begin, end, dev,
	       wd_sched_rr_instance(s, &p));
}

/* Makes sessions, prints the contexts they get, and gives the keys back. */
static void sessions(struct wd_sched *s, const char *what, struct sched_params *param, int n)
{
	printf("%s:", what);
	for (int i = 0; i < n; i++) {
		handle_t key = s->sched_init(s->h_sched_ctx, param);

		if (key > (handle_t)-4096) {
			printf(" error %ld", (long)key);
			continue;
		}
		/* Twice: a session keeps its contexts. */
		for (int twice = 0; twice < 2; twice++) {
			printf(" %d/%d", (int)s->pick_next_ctx(s->h_sched_ctx, (void *)key, CTX_MODE_SYNC),
			       (int)s->pick_next_ctx(s->h_sched_ctx, (void *)key, CTX_MODE_ASYNC));
		}
		free((void *)key);
	}
	printf("\n");
}

static void say_poll(struct wd_sched *s, __u32 expect)
{
	__u32 count = 0;
	int answer;

	memset(polled, 0, sizeof(polled));
	answer = s->poll_policy(s->h_sched_ctx, expect, &count);
	printf("poll for %u: %d, count %u, left", expect, answer, count);
	for (int i = 0; i < 12; i++)
		printf(" %u", ready[i]);
	printf("\n");
}

static void polling(struct wd_sched *s)
{
	__u32 count = 0;

	memset(ready, 0, sizeof(ready));
	SAY(s->poll_policy(0, 1, &count));
	if (s->sched_policy == SCHED_POLICY_RR || s->sched_policy == SCHED_POLICY_DEV)
		SAY(s->poll_policy(s->h_sched_ctx, 1, NULL));
	say_poll(s, 1);
	ready[0] = 3, ready[1] = 2, ready[6] = 5, ready[7] = 1, ready[8] = 4;
	/* The C library takes more than it is asked for when contexts of several kinds have results. */
	if (ours()) {
		__u32 before = 15, after = 0;

		SAY_VOID(s->poll_policy(s->h_sched_ctx, 1, &count));
		for (int i = 0; i < 12; i++)
			after += ready[i];
		REQUIRE(count == 1 && before - after == 1);
		ready[0] = 3, ready[1] = 2, ready[6] = 5, ready[7] = 1, ready[8] = 4;
	} else {
		printf("s->poll_policy(s->h_sched_ctx, 1, &count): returns\n");
	}
	say_poll(s, 40);
	ready[0] = ready[1] = ready[6] = 1;
	fail_at = s->sched_policy == SCHED_POLICY_NONE ? 0 : s->sched_policy == SCHED_POLICY_SINGLE ? 1 : 6;
	fail_with = -WD_HW_EACCESS;
	say_poll(s, 9);
	fail_at = INVALID_POS;
}

static void round_robin(void)
{
	struct wd_sched *s = wd_sched_rr_alloc(SCHED_POLICY_RR, 2, 1, poll_one);
	struct sched_params p = { .numa_id = 0 };

	title("round robin");
	REQUIRE(s);
	SAY(wd_sched_rr_instance(NULL, &p));
	SAY(wd_sched_rr_instance(s, NULL));
	sessions(s, "nothing there", &p, 1);
	say_instance(s, 0, 0, 0, 3, 2, 0);
	say_instance(s, 1, 0, 0, 0, 1, 0);
	say_instance(s, -1, 0, 0, 0, 1, 0);
	say_instance(s, 0, 2, 0, 0, 1, 0);
	say_instance(s, 0, 0, 2, 0, 1, 0);
	say_instance(s, 0, 0, 0, 0, 2, 0);
	say_instance(s, 0, 1, 0, 3, 3, 0);
	sessions(s, "only synchronous", &p, 4);
	say_instance(s, 0, 0, 1, 6, 7, 0);
	say_instance(s, 0, 1, 1, 8, 9, 0);
	sessions(s, "type 0", &p, 4);
	p.type = 1;
	sessions(s, "type 1", &p, 3);
	p.numa_id = -1;
	sessions(s, "any node", &p, 2);
	p.numa_id = 5;
	sessions(s, "no such node", &p, 1);
	p.numa_id = 0, p.type = 2;
	sessions(s, "no such type", &p, 1);
	sessions(s, "no wish", NULL, 2);
	SAY(s->pick_next_ctx(s->h_sched_ctx, NULL, 0) == INVALID_POS);
	SAY(s->pick_next_ctx(0, &p, 0) == INVALID_POS);
	say_instance(s, 0, 0, 0, 4, 5, 0);
	p.type = 0;
	sessions(s, "told again", &p, 3);
	polling(s);
	wd_sched_rr_release(s);
}

static void simple(int policy)
{
	struct wd_sched *s = wd_sched_rr_alloc(policy, 2, 1, poll_one);
	struct sched_params p = { .numa_id = 3, .type = 9 };

	title(policy == SCHED_POLICY_NONE ? "none" : "single");
	REQUIRE(s);
	sessions(s, "any wish", &p, 2);
	sessions(s, "no wish", NULL, 1);
	polling(s);
	wd_sched_rr_release(s);
}

static void by_device(void)
{
	struct wd_sched *s = wd_sched_rr_alloc(SCHED_POLICY_DEV, 2, 0, poll_one);
	struct sched_params p = { .dev_id = 7 };

	title("by device");
	REQUIRE(s);
	sessions(s, "nothing there", &p, 1);
	say_instance(s, 9, 0, 0, 0, 1, 7);
	say_instance(s, 0, 0, 1, 6, 6, 7);
	say_instance(s, 0, 1, 1, 7, 8, 9);
	say_instance(s, 0, 0, 0, 4, 5, 7);
	say_instance(s, 0, 2, 0, 4, 5, 7);
	sessions(s, "device 7", &p, 3);
	p.type = 1;
	sessions(s, "device 7, type 1", &p, 1);
	p.dev_id = 9;
	sessions(s, "device 9, type 1", &p, 3);
	p.dev_id = 8;
	sessions(s, "no such device", &p, 1);
	sessions(s, "no wish", NULL, 1);
	polling(s);
	for (int i = 20; i < 36; i++)
		say_instance(s, 0, 0, 0, i, i, i);
	wd_sched_rr_release(s);
}

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	creation();
	round_robin();
	simple(SCHED_POLICY_NONE);
	simple(SCHED_POLICY_SINGLE);
	by_device();
	return 0;
}
