# What cbindgen has no setting for. Run with sed -z -E: the whole header is one line.

# The plain names: the functions' exported ones say which generation they are of.
s/__uadk_v[0-9]_//g
# `priv` is a keyword of Rust.
s/\<priv_\>/priv/g
# C89 has neither comments of this kind nor a comma behind the last enumerator.
s|#endif +// [a-z_]+|#endif|g
s|} +// extern "C"|}|g
s/,\n\}/\n}/g
# One line for a comment of one line.
s|/\*\*\n *\* ([^\n]*)\n *\*/|/* \1 */|g
