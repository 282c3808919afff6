# What is different in UADK's headers from what cbindgen makes. Run with sed -z -E: the whole header
# is one line.

# Integers that C has other types for.
s/Enum<(enum )?(\w+)>/enum \2/g
s/\<CBool\>/bool/g
s/(#define (WD_)?UACCE_GRAN_(SIZE|NUM_MASK) \w+)/\1ull/g
s/(#define INVALID_POS )\w+/\10xFFFFFFFFU/
s/#define UACCE_DEV_SVA 1/enum { UACCE_DEV_SVA = 1 };/
s/(#define \w+) (-[0-9]+)/\1 (\2)/g
# Keywords of Rust; and its constants are no names in C.
s/\<(type|in|pub)_\>/\1/g
s/\[REGIONS\]/[UACCE_QFRT_MAX]/g
# Links of rustdoc.
s/\[`([^]`]*)`\]/`\1`/g
# Functions that only abi/headers declares yet.
s/\nextern (\w[^"\n]*\()/\n\1/g

# v1: a pointer to a function that the library stores atomically.
s/extern const AtomicPtr<void> log_out/extern wd_log log_out/
# v1: bit-fields are one field in Rust, named after all of them and their widths.
:bits
s/\n    __u8 ([a-z_]+)_([1-7])_([a-z0-9_]+_[1-7];)/\n    __extension__ __u8 \1:\2;\n    __u8 \3/
tbits
s/\n    __u8 ([a-z0-9_]+)_([1-7]);/\n    __extension__ __u8 \1:\2;/g

# Types of functions that have a name in Rust only: into the structures that use them.
:function
s/(typedef ([^;(]*)\(\*(drv_\w+|\w+_fn)\)(\([^;]*\));.*\n    )\3 (\w+);/\1\2(*\5)\4;/
tfunction
s/\/\*\*\n( \*[^\n]*\n)+typedef [^;(]*\(\*(drv_\w+|\w+_fn)\)[^;]*;\n\n//g

# wd_comp.h: the callback is a type of a function, and its structure has two names for a buffer.
s/struct Option_wd_alg_comp_cb_t;\n\n//
s/struct Option_(wd_alg_comp_cb_t) /\1 */
s/\n    void \*(src|dst);/\n    __extension__ union {\n        void *\1;\n        struct wd_datalist *list_\1;\n    };/g

# wd_zlibwrapper.h: nothing in it, which ISO C does not have.
s/struct internal_state \{[^}]*\}/__extension__ struct internal_state { }/

# wd_alg.h: for programs of UADK's static build.
s/((\/\*\*\n( \*[^\n]*\n)+)?void hisi_.*void hisi_\w+\(void\);\n)/#ifdef WD_STATIC_DRV\n\1#endif\n/

# Declarations of more than 100 columns go on in the next line.
:wrap
s/\n([a-z\t][^\n]{100,};)/\n\a\1/
s/\a([^\n]{1,95},) /\1\n\t/
twrap
s/\a//g
