//! Contexts and their handles.

use super::*;

#[test]
fn a_context_lives_from_request_to_release() {
    inside(&[("WD_SIM", "hisi_zip,queues=1")], || {
        let handle = context();
        let list = list(c"zlib");
        let dev = devices(list).remove(0);
        // SAFETY: a device of the list.
        unsafe {
            assert_eq!((wd_get_avail_ctx(dev), wd_request_ctx(dev)), (0, 0));
        }
        assert_eq!(errno(), libc::EBUSY);
        // SAFETY: handles may be any number.
        unsafe {
            assert_eq!((wd_is_sva(handle), wd_get_numa_id(handle)), (1, 0));
            assert_eq!(text(wd_ctx_get_api(handle)), c"hisi_qm_v2");
            assert_eq!(text(wd_ctx_get_dev_name(handle)), c"hisi_zip-0");
            assert!(wd_ctx_get_priv(handle).is_null());
            assert_eq!(wd_ctx_set_priv(handle, dev as *mut _ as *mut c_void), 0);
            assert_eq!(wd_ctx_get_priv(handle), dev as *mut _ as *mut c_void);
            assert_eq!(wd_ctx_start(handle), 0);
            assert_eq!((wd_ctx_start(handle), errno()), (-1, libc::EINVAL));
            assert_eq!(wd_ctx_wait(handle, 1), 0);
            assert_eq!(wd_release_ctx_force(handle), 0);
            wd_release_ctx(handle);
            wd_release_ctx(handle);
            assert_eq!(wd_get_avail_ctx(dev), 1);
        }
        free(list);
    });
}

#[test]
fn the_structure_behind_a_handle_is_true() {
    inside(&[("WD_SIM", "hisi_zip")], || {
        let handle = context();
        // SAFETY: an open context: the structure that drivers written in C read.
        let head = unsafe { &*(handle as *const wd_ctx_h) };
        assert!((0..65536).contains(&head.fd));
        assert_eq!(text(head.dev_path.as_ptr()), c"/dev/hisi_zip-0");
        assert_eq!(text(head.dev_name), c"hisi_zip-0");
        assert_eq!(text(head.drv_name), c"hisi_zip");
        // SAFETY: the context's device.
        assert_eq!(text(unsafe { &*head.dev }.api.as_ptr()), c"hisi_qm_v2");
        // SAFETY: handles may be any number.
        let size = |region| unsafe { wd_ctx_get_region_size(handle, region) };
        assert_eq!(head.qfrs_offs, [size(MMIO), size(DUS), 0]);
        assert_eq!(size(NO_REGION), 0);
        // SAFETY: handles may be any number.
        unsafe { wd_release_ctx(handle) };
    });
}

#[test]
fn regions_are_mapped_where_they_are_memory() {
    inside(&[("WD_SIM", "hisi_zip")], || {
        let handle = context();
        // SAFETY: handles and regions may be any number.
        unsafe {
            let size = wd_ctx_get_region_size(handle, DUS) as usize;
            let memory = wd_ctx_mmap_qfr(handle, DUS).cast::<u8>();
            assert!(!memory.is_null());
            // Memory of the queue's, of this size, and nobody else uses it.
            memory.add(size - 1).write(1);
            assert_eq!(wd_ctx_mmap_qfr(handle, DUS).cast(), memory);
            wd_ctx_unmap_qfr(handle, DUS);
            assert!(wd_ctx_mmap_qfr(handle, MMIO).is_null());
            assert_eq!(errno(), libc::EOPNOTSUPP);
            assert!(wd_ctx_mmap_qfr(handle, NO_REGION).is_null());
            assert_eq!(errno(), libc::EINVAL);
            wd_ctx_unmap_qfr(handle, NO_REGION);
            wd_release_ctx(handle);
        }
    });
}

#[test]
fn control_calls_answer_as_ioctl_does() {
    inside(&[("WD_SIM", "hisi_zip,depth=32")], || {
        let handle = context();
        let call = |command: c_ulong, argument: *mut c_void| {
            // SAFETY: as many bytes as each command's number says.
            let answer = unsafe { wd_ctx_set_io_cmd(handle, command, argument) };
            (answer, if answer == -1 { errno() } else { 0 })
        };
        let mut qp = [7_u16, 0];
        assert_eq!(call(0xc004_480a, qp.as_mut_ptr().cast()), (0, 0));
        assert_eq!(qp, [0, 0]);
        let mut info = [0_u32; 4];
        assert_eq!(call(0xc010_480b, info.as_mut_ptr().cast()), (0, 0));
        assert_eq!(info, [128, 32 | 32 << 16, 0, 0]);
        // As an int that was widened.
        let widened = 0xffff_ffff_c010_480b;
        assert_eq!(call(widened, info.as_mut_ptr().cast()), (0, 0));
        assert_eq!(call(0x5700, ptr::null_mut()), (0, 0));
        assert_eq!(call(0x5701, ptr::null_mut()), (0, 0));
        qp[1] = 5;
        let failed = (-1, libc::EINVAL);
        assert_eq!(call(0xc004_480a, qp.as_mut_ptr().cast()), failed);
        assert_eq!(call(0xc004_480a, ptr::null_mut()), failed);
        assert_eq!(call(0x5799, ptr::null_mut()), failed);
        // SAFETY: handles may be any number.
        unsafe { wd_release_ctx(handle) };
    });
}

/// What functions answer to a handle that names no open context.
fn refused(handle: usize) {
    // SAFETY: handles may be any number.
    unsafe {
        let is_sva = if handle == 0 { -22 } else { -62 };
        assert_eq!(wd_is_sva(handle), is_sva, "{handle:#x}");
        assert_eq!(wd_ctx_start(handle), -22, "{handle:#x}");
        assert_eq!(wd_release_ctx_force(handle), -22);
        assert_eq!(wd_ctx_set_io_cmd(handle, 0x5700, ptr::null_mut()), -22);
        assert_eq!(wd_ctx_set_priv(handle, ptr::null_mut()), -22);
        assert_eq!((wd_get_numa_id(handle), wd_ctx_wait(handle, 0)), (-22, -22));
        assert!(wd_ctx_get_priv(handle).is_null());
        assert!(wd_ctx_get_api(handle).is_null());
        assert!(wd_ctx_get_dev_name(handle).is_null());
        assert!(wd_ctx_mmap_qfr(handle, DUS).is_null());
        assert_eq!(wd_ctx_get_region_size(handle, DUS), 0);
        wd_ctx_unmap_qfr(handle, DUS);
        wd_release_ctx(handle);
    }
}

#[test]
fn what_is_no_context_of_a_device_is_refused_and_not_looked_into() {
    inside(&[("WD_SIM", "hisi_zip")], || {
        let released = context();
        // SAFETY: handles may be any number.
        unsafe { wd_release_ctx(released) };
        let mut soft = wd_soft_ctx {
            fd: -1,
            priv_: ptr::null_mut(),
        };
        let soft = (&raw mut soft).expose_provenance();
        for handle in [0, 1, released, released + 4, soft, usize::MAX] {
            refused(handle);
        }
    });
}

#[test]
fn a_fork_child_cannot_use_or_stop_its_parents_context() {
    inside(&[("WD_SIM", "hisi_zip,queues=2")], || {
        let handle = context();
        // SAFETY: an open context.
        assert_eq!(unsafe { wd_ctx_start(handle) }, 0);
        // SAFETY: the child runs code that takes no lock of the parent's but malloc's, which glibc
        // makes usable after a fork, and leaves by _exit.
        let child = unsafe { libc::fork() };
        if child == 0 {
            let good = std::panic::catch_unwind(|| {
                refused(handle);
                let own = context();
                // SAFETY: handles may be any number.
                unsafe {
                    assert_eq!((wd_ctx_start(own), wd_is_sva(own)), (0, 1));
                    wd_release_ctx(own);
                }
                assert_ne!(own, handle);
            });
            // SAFETY: ends the child at once.
            unsafe { libc::_exit(good.is_err().into()) };
        }
        let mut status = -1;
        // SAFETY: waits for the child made above.
        unsafe { libc::waitpid(child, &raw mut status, 0) };
        assert_eq!(status, 0);
        // SAFETY: an open context, which runs still.
        let again = unsafe { wd_ctx_start(handle) };
        assert_eq!((again, errno()), (-1, libc::EINVAL));
        // SAFETY: as above.
        unsafe { wd_release_ctx(handle) };
    });
}

#[test]
fn the_address_of_a_released_context_is_not_soon_anothers() {
    inside(&[("WD_SIM", "hisi_zip")], || {
        let first = context();
        // SAFETY: handles may be any number.
        unsafe { wd_release_ctx(first) };
        for _ in 0..20 {
            let next = context();
            assert_ne!(next, first);
            refused(first);
            // SAFETY: handles may be any number.
            unsafe { wd_release_ctx(next) };
        }
    });
}
