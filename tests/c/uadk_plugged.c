/* SPDX-License-Identifier: Apache-2.0
 *
 * Tells who serves zlib, a plug-in or the library's software, for tests/uadk_plugins.rs. */
#include "uadk_data.h"
#include <uadk/wd_path.h>

int main(void)
{
	unsigned char plain[100], out[200];
	struct wd_comp_req req;

	memset(plain, 'p', sizeof(plain));
	/* Twice: a plug-in is loaded once, and stays. */
	for (int turn = 0; turn < 2; turn++) {
		handle_t s;

		REQUIRE(wd_comp_init2((char *)"zlib", SCHED_POLICY_RR, TASK_INSTR) == 0);
		s = session(WD_ZLIB, WD_DIR_COMPRESS, 1);
		fill(&req, WD_DIR_COMPRESS, plain, sizeof(plain), out, sizeof(out));
		REQUIRE(wd_do_comp_sync(s, &req) == 0 && req.status == 0 && req.src_len == sizeof(plain));
		if (wd_comp_sess_path(s) == WD_PATH_FOREIGN)
			REQUIRE(req.dst_len == 100 && !memcmp(plain, out, 100));
		else
			REQUIRE(wd_comp_sess_path(s) == WD_PATH_SOFTWARE && req.dst_len < 50);
		printf("%s\n", wd_comp_sess_path(s) == WD_PATH_FOREIGN ? "plug-in" : "software");
		wd_comp_free_sess(s);
		wd_comp_uninit2();
	}
	return 0;
}
