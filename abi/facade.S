/* A facade: one jump a name, from the public name of a library to the private one in the core.
 * FORWARDS names a file of FORWARD(name) lines, made from the library's map; PREFIX is what the
 * core's name begins with. The jumps go through the global offset table, so that they work in a
 * shared library, and in an archive, where the linker makes them direct.
 *
 * Without PREFIX the names lead nowhere: a stub for linking programs, which none ever loads. */
#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)

#if !defined(PREFIX)
# define JUMP(to) .long 0
#elif defined(__x86_64__)
# define JUMP(to) endbr64; jmp *to@GOTPCREL(%rip)
#elif defined(__aarch64__)
/* hint 34 is "bti c"; x16 may be used between a caller and a function. */
# define JUMP(to) hint 34; adrp x16, :got:to; ldr x16, [x16, :got_lo12:to]; br x16
#else
# error "add the jump for this architecture"
#endif

#define FORWARD(name) \
	.globl name; .type name, %function; .p2align 4; \
	name: .cfi_startproc; JUMP(JOIN(PREFIX, name)); .cfi_endproc; .size name, .-name

	.text
#include FORWARDS

#include "notes.S"
