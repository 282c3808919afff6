/* Compresses a file to zlib's format: uadk_comp IN OUT. Devices do it where there are some that can,
 * else software in the library; the last line says who did.
 *
 *   cc uadk_comp.c $(pkg-config --cflags --libs libwd_comp) */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uadk/wd_comp.h>
#include <uadk/wd_path.h>
#include <uadk/wd_sched.h>

static void fail(const char *what, int error)
{
	fprintf(stderr, "%s: %s\n", what, strerror(error < 0 ? -error : error));
	exit(1);
}

/* All of a file. */
static unsigned char *contents(const char *name, size_t *size)
{
	FILE *file = fopen(name, "rb");
	unsigned char *data = NULL;
	size_t room = 1 << 16, got;

	if (!file)
		fail(name, errno);
	for (*size = 0;; *size += got) {
		room *= 2;
		data = realloc(data, room);
		if (!data)
			fail(name, ENOMEM);
		got = fread(data + *size, 1, room - *size, file);
		if (got < room - *size)
			break;
	}
	*size += got;
	if (ferror(file))
		fail(name, EIO);
	fclose(file);
	return data;
}

int main(int argc, char **argv)
{
	static const char *const names[] = { "nobody", "a device", "a simulated device", "software", "a driver" };
	struct sched_params params = { .numa_id = -1, .type = WD_DIR_COMPRESS };
	struct wd_comp_sess_setup setup = {
		.alg_type = WD_ZLIB,
		.comp_lv = WD_COMP_L6,
		.win_sz = WD_COMP_WS_32K,
		.op_type = WD_DIR_COMPRESS,
		.sched_param = &params,
	};
	struct wd_comp_req req;
	size_t size, room;
	handle_t session;
	FILE *out;
	int ret;

	if (argc != 3) {
		fprintf(stderr, "usage: uadk_comp IN OUT\n");
		return 2;
	}
	ret = wd_comp_init2((char *)"zlib", SCHED_POLICY_RR, TASK_MIX);
	if (ret && ret != -WD_EEXIST)
		fail("wd_comp_init2", ret);
	session = wd_comp_alloc_sess(&setup);
	if (!session)
		fail("wd_comp_alloc_sess", EINVAL);

	memset(&req, 0, sizeof(req));
	req.src = contents(argv[1], &size);
	room = size + size / 8 + 1024; /* what cannot be compressed grows a little */
	if (room > UINT32_MAX)
		fail(argv[1], EFBIG);
	req.src_len = (__u32)size;
	req.dst = malloc(room);
	req.dst_len = (__u32)room;
	if (!req.dst)
		fail("malloc", ENOMEM);
	/* A request of any size; wd_do_comp_sync is for what a device takes at once. */
	ret = wd_do_comp_sync2(session, &req);
	if (ret)
		fail("wd_do_comp_sync2", ret);

	out = fopen(argv[2], "wb");
	if (!out || fwrite(req.dst, 1, req.dst_len, out) != req.dst_len || fclose(out))
		fail(argv[2], errno);
	printf("%zu bytes to %u by %s\n", size, req.dst_len, names[wd_comp_sess_path(session)]);
	free(req.src);
	free(req.dst);
	wd_comp_free_sess(session);
	wd_comp_uninit2();
	return 0;
}
