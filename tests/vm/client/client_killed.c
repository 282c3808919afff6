/* A client that is to be killed: client_killed held | busy. It prints READY when it has as many
 * requests at the device as fit, which stands still, or works as fast as it can. */
#include "vm.h"

int main(int argc, char **argv)
{
	struct wd_queue q;
	void *resp;
	int i, n = 0;

	REQUIRE(argc == 2);
	REQUIRE(try_open(&q, NULL) == 0);
	REQUIRE(trip(&q, 0) == 0);
	if (strcmp(argv[1], "held") == 0) {
		hold();
		while (wd_send(&q, prepare(n, 1)) == 0)
			n++;
		puts("READY");
		fflush(stdout);
		pause();
	}
	puts("READY");
	fflush(stdout);
	for (i = 0;; i++) {
		while (wd_send(&q, prepare(n % JOBS, (unsigned int)i)) == 0)
			n++;
		REQUIRE(wd_recv_sync(&q, &resp, 30000) == 0);
	}
}
