/* SPDX-License-Identifier: Apache-2.0
 *
 * Streams as zlib has them, for those who replace zlib: names and numbers are zlib's,
 * so this header and <zlib.h> do not go together.
 */

#ifndef UADK_ZLIBWRAPPER_H
#define UADK_ZLIBWRAPPER_H

/* Made by cbindgen from the Rust sources: `make headers`. Do not edit. */

#include <linux/types.h>

/* Give out what is convenient. Not supported. */
#define Z_NO_FLUSH 0

/* Not supported. */
#define Z_PARTIAL_FLUSH 1

/* Give out all there is, at a byte's edge. */
#define Z_SYNC_FLUSH 2

/* Not supported. */
#define Z_FULL_FLUSH 3

/* This is the end of the input. */
#define Z_FINISH 4

/* Done. */
#define Z_OK 0

/* The end of the stream. */
#define Z_STREAM_END 1

/* A dictionary is needed. */
#define Z_NEED_DICT 2

/* See `errno`. */
#define Z_ERRNO (-1)

/* The stream or an argument is not acceptable. */
#define Z_STREAM_ERROR (-2)

/* The input is not what it should be. */
#define Z_DATA_ERROR (-3)

/* No memory. */
#define Z_MEM_ERROR (-4)

/* No room for output, or no input. */
#define Z_BUF_ERROR (-5)

/* Another version of zlib. */
#define Z_VERSION_ERROR (-6)

/* The level that is a good compromise. */
#define Z_DEFAULT_COMPRESSION (-1)

/* The greatest window, as a power of two. */
#define MAX_WBITS 15

/* Not used. */
#define DEF_MEM_LEVEL 0

/* Not used. */
#define Z_DEFAULT_STRATEGY 0

/* The library's part of a stream. */
__extension__ struct internal_state { };

/* Not called. */
typedef void (*alloc_func)(void *opaque, __u32 items, __u32 size);

/* Not called. */
typedef void (*free_func)(void *opaque, void *address);

/* A stream. */
struct z_stream_s {
    /* The next byte of input. */
    const __u8 *next_in;
    /* Bytes of input there. */
    __u32 avail_in;
    /* Bytes of input so far. */
    __u64 total_in;
    /* Where the next byte of output goes. */
    __u8 *next_out;
    /* Room for output there. */
    __u32 avail_out;
    /* Bytes of output so far. */
    __u64 total_out;
    /* Not used. */
    const char *msg;
    /* Not used. */
    struct internal_state *state;
    /* Not called. */
    alloc_func zalloc;
    /* Not called. */
    free_func zfree;
    /* Not used. */
    void *opaque;
    /* Not used. */
    int data_type;
    /* Not used. */
    __u64 adler;
    /* The library's session. */
    __u64 reserved;
};

/* `struct z_stream_s`. */
typedef struct z_stream_s z_stream;

/* `struct z_stream_s *`. */
typedef z_stream *z_streamp;

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Starts the compression of a stream. Streams are used by one thread at a time. `level` is 0 to 9, or
 * Z_DEFAULT_COMPRESSION; `windowbits` is the window as a power of two, 8 to 15 for zlib's format,
 * -15 to -8 for deflate without a frame, 24 to 31 for gzip's. The first stream prepares the
 * library for both directions, with devices where there are some.
 *
 * Returns Z_OK, Z_STREAM_ERROR or Z_MEM_ERROR.
 */
int wd_deflate_init(z_streamp strm, int level, int windowbits);

/**
 * Compresses what is at next_in to next_out, and moves both on. Input and output may come in
 * pieces of any size. `flush` is Z_SYNC_FLUSH, or Z_FINISH when there is no more input than this; it
 * stays Z_FINISH from then on.
 *
 * Returns Z_OK; Z_STREAM_END when the stream is finished and all of it is at next_out; Z_BUF_ERROR
 * if nothing can be done without more input or more room, which is not fatal; Z_STREAM_ERROR.
 */
int wd_deflate(z_streamp strm, int flush);

/**
 * Makes a stream ready for new input, as after wd_deflate_init.
 *
 * Returns Z_OK or Z_STREAM_ERROR.
 */
int wd_deflate_reset(z_streamp strm);

/**
 * Frees a stream.
 *
 * Returns Z_OK, or Z_STREAM_ERROR for what is no stream of wd_deflate_init.
 */
int wd_deflate_end(z_streamp strm);

/**
 * Starts the decompression of a stream. `windowbits` is as in wd_deflate_init.
 *
 * Returns Z_OK, Z_STREAM_ERROR or Z_MEM_ERROR.
 */
int wd_inflate_init(z_streamp strm, int windowbits);

/**
 * Decompresses what is at next_in to next_out, and moves both on. Input and output may come in
 * pieces of any size. `flush` is Z_SYNC_FLUSH or Z_FINISH.
 *
 * Returns Z_OK; Z_STREAM_END at the end of the stream, what follows it stays at next_in;
 * Z_BUF_ERROR if nothing can be done without more input or more room, which is not fatal;
 * Z_DATA_ERROR for input that is no such stream; Z_STREAM_ERROR.
 */
int wd_inflate(z_streamp strm, int flush);

/**
 * Makes a stream ready for new input, as after wd_inflate_init.
 *
 * Returns Z_OK or Z_STREAM_ERROR.
 */
int wd_inflate_reset(z_streamp strm);

/**
 * Frees a stream.
 *
 * Returns Z_OK, or Z_STREAM_ERROR for what is no stream of wd_inflate_init.
 */
int wd_inflate_end(z_streamp strm);

#ifdef __cplusplus
}
#endif

#endif  /* UADK_ZLIBWRAPPER_H */
