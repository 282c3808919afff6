/* What the linker is told of every assembly file: no executable stack, and that branches land right. */
	.section .note.GNU-stack, "", %progbits
#if defined(__x86_64__) && defined(__CET__)
# include <cet.h>
#elif defined(__aarch64__) && defined(__ARM_FEATURE_BTI_DEFAULT)
/* GNU property: every indirect branch lands on a bti instruction. */
	.section .note.gnu.property, "a"
	.balign 8
	.long 4, 16, 5
	.asciz "GNU"
	.long 0xc0000000, 4, 1, 0
#endif
