/* Calls functions of the libraries, by their names, with zeros for arguments, and expects that each
 * says: no device. CALLS names a file of lines such as int(wd_rsa_init), by what it returns. */
#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>

static int bad;

static void *find(const char *name)
{
	static const char *const libs[] = {
		"libwd.so", "libwd_comp.so", "libwd_crypto.so", "libwd_dae.so", "libwd_udma.so",
	};
	unsigned i;

	for (i = 0; i < sizeof(libs) / sizeof(libs[0]); i++) {
		void *lib = dlopen(libs[i], RTLD_NOW);
		void *function = lib ? dlsym(lib, name) : NULL;

		if (!lib)
			puts(dlerror());
		else if (function)
			return function;
	}
	return NULL;
}

static void check(const char *name, int good)
{
	if (!good || errno != ENODEV) {
		printf("%s: wrong answer, or errno %d\n", name, errno);
		bad = 1;
	}
}

/* More arguments than any of them takes in registers are no harm. */
#define CALL(type, name) \
	((type (*)(long, long, long, long, long, long))find(name))(0, 0, 0, 0, 0, 0)
#define ANSWER(type, name, expected) \
	(errno = 0, check(name, CALL(type, name) == (type)(expected)))

#define CALL_int(name) ANSWER(int, name, -ENODEV);
#define CALL_error_pointer(name) ANSWER(intptr_t, name, -ENODEV);
#define CALL_pointer(name) ANSWER(void *, name, NULL);
#define CALL_handle(name) ANSWER(uintptr_t, name, 0);
#define CALL_count(name) ANSWER(unsigned int, name, 0);
#define CALL_bool(name) ANSWER(_Bool, name, 0);
#define CALL_void(name) (errno = 0, CALL(void, name), check(name, 1));

int main(void)
{
#include CALLS
	return bad;
}
