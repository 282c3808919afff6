//! UADK v2: one file for each of its headers.
