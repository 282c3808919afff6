# What is different in UADK's headers from what cbindgen makes. Run with sed -z -E: the whole header
# is one line.

# Integers that C has other types for.
s/Enum<(enum )?(\w+)>/enum \2/g
s/\<CBool\>/bool/g
s/(#define UACCE_GRAN_(SIZE|NUM_MASK) \w+)/\1ull/g
s/(#define INVALID_POS )\w+/\10xFFFFFFFFU/
s/#define UACCE_DEV_SVA 1/enum { UACCE_DEV_SVA = 1 };/
s/(#define \w+) (-[0-9]+)/\1 (\2)/g
# `type` is a keyword of Rust, and its constants are no names in C.
s/\<type_\>/type/g
s/\[REGIONS\]/[UACCE_QFRT_MAX]/g
# Links of rustdoc.
s/\[`([^]`]*)`\]/`\1`/g

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
