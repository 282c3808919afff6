//! Lists of devices, and the sets of their NUMA nodes.

use super::*;

#[test]
fn simulated_devices_are_listed_copied_and_freed() {
    let sim = ("WD_SIM", "hisi_zip,count=2;hisi_zip,api=3,node=1,queues=3");
    inside(&[sim], || {
        let zlib = list(c"zlib");
        assert_eq!(devices(zlib).len(), 3);
        let dev = devices(zlib).remove(2);
        assert_eq!(text(dev.dev_root.as_ptr()), c"/sys/class/uacce/hisi_zip-2");
        assert_eq!(text(dev.char_dev_path.as_ptr()), c"/dev/hisi_zip-2");
        assert_eq!(text(dev.algs.as_ptr()), c"zlib\ngzip\ndeflate\nlz77_zstd");
        // SAFETY: a device of the list.
        unsafe {
            assert_eq!((wd_get_avail_ctx(dev), wd_is_isolate(dev)), (3, 0));
        }
        // SAFETY: a device of the list.
        let copy = unsafe { wd_clone_dev(dev) };
        free(zlib);
        // SAFETY: allocated for the caller.
        let copied = unsafe { &*copy };
        assert_eq!((copied.numa_id, copied.flags), (1, 1));
        // SAFETY: allocated by malloc and not used any more.
        unsafe { libc::free(copy.cast()) };
        assert!(list(c"rsa").is_null() && list(c"").is_null() && list(c"zli").is_null());
        let long = std::ffi::CString::new("z".repeat(400)).expect("no NUL");
        assert!(list(&long).is_null());
    });
}

#[test]
fn nodes_are_added_at_the_end_of_a_list_and_only_once() {
    inside(&[("WD_SIM", "hisi_zip,count=2")], || {
        let (one, two) = (list(c"zlib"), list(c"gzip"));
        // SAFETY: lists of the library's.
        unsafe {
            wd_add_dev_to_list(one, two);
            wd_add_dev_to_list(one, two);
            wd_add_dev_to_list(one, one);
            wd_add_dev_to_list(ptr::null_mut(), one);
            wd_add_dev_to_list(one, ptr::null_mut());
        }
        assert_eq!(devices(one).len(), 4);
        free(one);
    });
}

#[test]
fn devices_are_chosen_by_numa_node() {
    let sim = "hisi_zip,queues=2;hisi_zip,queues=5;hisi_zip,node=3";
    inside(&[("WD_SIM", sim)], || {
        let list = list(c"zlib");
        let found = |node| {
            // SAFETY: a list of the library's.
            let dev = unsafe { wd_find_dev_by_numa(list, node) };
            match error(dev) {
                Some(number) => Err(number),
                // SAFETY: a device of the list.
                None => Ok(text(unsafe { &*dev }.char_dev_path.as_ptr())),
            }
        };
        assert_eq!(found(0), Ok(c"/dev/hisi_zip-1"));
        assert_eq!(found(3), Ok(c"/dev/hisi_zip-2"));
        assert_eq!((found(1), found(-1)), (Err(-19), Err(-19)));
        // SAFETY: a string.
        let nearest = unsafe { wd_get_accel_dev(c"gzip".as_ptr()) };
        assert!(!nearest.is_null());
        // SAFETY: allocated by malloc for the caller.
        unsafe { libc::free(nearest.cast()) };
        // SAFETY: a string.
        assert!(unsafe { wd_get_accel_dev(c"sm2".as_ptr()) }.is_null());
        free(list);
    });
}

#[test]
fn a_set_of_nodes_has_the_shape_of_libnumas() {
    inside(&[("WD_SIM", "hisi_zip;hisi_zip,node=5")], || {
        let list = list(c"zlib");
        // SAFETY: a list of the library's.
        let set = unsafe { wd_create_device_nodemask(list) };
        assert_eq!(error(set), None);
        // SAFETY: a set of the library's.
        let (size, maskp) = unsafe { ((*set).size, (*set).maskp) };
        assert!(size >= 32 && size.is_multiple_of(32));
        // SAFETY: there is at least one word.
        assert_eq!(unsafe { *maskp }, 1 | 1 << 5);
        // SAFETY: a block of malloc's, or this is a crash.
        let room = unsafe { libc::malloc_usable_size(maskp.cast()) };
        assert!(room >= size.div_ceil(8) as usize);
        // As numa_bitmask_free does.
        // SAFETY: two blocks of malloc's, not used any more.
        unsafe {
            libc::free(maskp.cast());
            libc::free(set.cast());
        }
        // SAFETY: a set of the library's, and NULL.
        unsafe {
            wd_free_device_nodemask(wd_create_device_nodemask(list));
            wd_free_device_nodemask(ptr::null_mut());
        }
        free(list);
    });
}

#[test]
fn null_and_empty_devices_are_refused() {
    inside(&[("WD_SIM", "hisi_zip")], || {
        // SAFETY: all-zero bytes are a valid structure: numbers and bytes.
        let mut empty: uacce_dev = unsafe { core::mem::zeroed() };
        for dev in [ptr::null_mut(), &raw mut empty] {
            // SAFETY: NULL or a device.
            unsafe {
                assert_eq!((wd_request_ctx(dev), errno()), (0, libc::EINVAL));
                assert_eq!((wd_is_isolate(dev), wd_get_avail_ctx(dev)), (-22, -22));
                assert_eq!(wd_get_dev_usage(dev, c"zlib".as_ptr(), 0), -22);
            }
        }
        // SAFETY: NULL is good.
        unsafe {
            assert!(wd_clone_dev(ptr::null_mut()).is_null());
            assert!(wd_get_accel_list(ptr::null()).is_null());
            assert!(wd_get_accel_dev(ptr::null()).is_null());
            assert_eq!(error(wd_find_dev_by_numa(ptr::null_mut(), 0)), Some(-22));
            assert_eq!(error(wd_create_device_nodemask(ptr::null_mut())), Some(-22));
            wd_free_list_accels(ptr::null_mut());
        }
        // A node without a device.
        let mut node = uacce_dev_list {
            dev: ptr::null_mut(),
            next: ptr::null_mut(),
        };
        // SAFETY: a list.
        unsafe {
            assert_eq!(error(wd_find_dev_by_numa(&raw mut node, 0)), Some(-19));
            wd_free_device_nodemask(wd_create_device_nodemask(&raw mut node));
        }
    });
}

#[test]
fn a_device_that_tells_no_usage_answers_minus_one() {
    inside(&[("WD_SIM", "hisi_zip")], || {
        let list = list(c"zlib");
        let dev: *mut uacce_dev = devices(list).remove(0);
        // SAFETY: a device of the list, and strings or NULL.
        unsafe {
            assert_eq!(wd_get_dev_usage(dev, c"zlib".as_ptr(), 0), -1);
            assert_eq!(wd_get_dev_usage(dev, c"rsa".as_ptr(), 0), -22);
            assert_eq!(wd_get_dev_usage(dev, ptr::null(), 0), -22);
        }
        free(list);
    });
}

/// A function of the library `name` points to; `None` if there is none.
fn loaded(library: *mut c_void, name: &CStr) -> *mut c_void {
    // SAFETY: an open library and a string.
    let function = unsafe { libc::dlsym(library, name.as_ptr()) };
    assert!(!function.is_null(), "{name:?}");
    function
}

#[test]
fn libnuma_takes_a_set_of_nodes_for_its_own() {
    inside(&[("WD_SIM", "hisi_zip,node=2")], || {
        // SAFETY: a string; the library's constructors read files.
        let libnuma = unsafe { libc::dlopen(c"libnuma.so.1".as_ptr(), libc::RTLD_NOW) };
        if libnuma.is_null() {
            return println!("skipped: there is no libnuma here");
        }
        let list = list(c"zlib");
        // SAFETY: a list of the library's.
        let set = unsafe { wd_create_device_nodemask(list) };
        free(list);
        // SAFETY: the functions' types, as <numa.h> has them.
        unsafe {
            let is_set: extern "C" fn(*const bitmask, u32) -> c_int =
                core::mem::transmute(loaded(libnuma, c"numa_bitmask_isbitset"));
            let weight: extern "C" fn(*const bitmask) -> u32 =
                core::mem::transmute(loaded(libnuma, c"numa_bitmask_weight"));
            let nodes: extern "C" fn() -> c_int =
                core::mem::transmute(loaded(libnuma, c"numa_num_possible_nodes"));
            let release: extern "C" fn(*mut bitmask) =
                core::mem::transmute(loaded(libnuma, c"numa_bitmask_free"));
            assert_eq!((is_set(set, 2), is_set(set, 0), weight(set)), (1, 0, 1));
            assert_eq!((*set).size, nodes() as c_ulong);
            release(set);
        }
    });
}
