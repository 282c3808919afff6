/* Functions that are not there yet: each tells the core its name and what to answer. MISSING names
 * a file of ABSENT(name, answer) lines, made from abi/missing.list. */
#if defined(__x86_64__)
# define TELL(text, answer) \
	endbr64; leaq text(%rip), %rdi; movq $answer, %rsi; jmp warpdrive_missing
#elif defined(__aarch64__)
/* hint 34 is "bti c". */
# define TELL(text, answer) \
	hint 34; adrp x0, text; add x0, x0, :lo12:text; mov x1, answer; b warpdrive_missing
#else
# error "add the call for this architecture"
#endif

#define ABSENT(name, answer) \
	.section .rodata.name, "a"; .Lname_##name: .asciz #name; \
	.section .text.name, "ax"; .globl name; .type name, %function; .p2align 4; \
	name: .cfi_startproc; TELL(.Lname_##name, answer); .cfi_endproc; .size name, .-name

#include MISSING
#include "notes.S"
