/* The device goes and comes back under its name, while a queue of the old one is open. Prints READY
 * when the old one may go. */
#include "vm.h"

int main(void)
{
	struct wd_queue old, new;
	void *resp;

	REQUIRE(try_open(&old, NULL) == 0);
	CHECK(trip(&old, 0) == 0);
	puts("READY");
	fflush(stdout);
	while (wd_recv(&old, &resp) != -ENODEV)
		sleep_ms(1);
	while (try_open(&new, NULL) != 0)
		sleep_ms(1);
	CHECK(trip(&new, 1) == 0);
	ANSWERS(wd_recv(&old, &resp), ENODEV);
	wd_release_queue(&old);
	CHECK(trip(&new, 2) == 0);
	wd_release_queue(&new);
	CHECK(mappings() == 0);
	return failed;
}
