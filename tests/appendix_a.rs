//! What the first libwd got wrong, through the C library as a program of its time
//! uses it: one C program (tests/c/appendix_a.c), one row each, under the fake
//! kernel, and, where the device can do what the row is about, on a simulated one,
//! within the library and with libwd_sim.so before it. Compiled against include/ and
//! linked with what `make lib` builds.

#![cfg(all(target_arch = "x86_64", target_os = "linux", not(miri)))]

#[path = "common/fake.rs"]
mod fake;

use fake::World;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Where `make lib PROFILE=debug` puts the libraries.
fn libraries() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    root.join(target).join("debug/so")
}

/// The C program, and the libraries it needs, built once.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let output = Command::new("make")
            .args(["-s", "lib", "PROFILE=debug"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .expect("make");
        assert!(output.status.success(), "{}", fake::text(&output));
        let search = format!("-L{}", libraries().join("stub").display());
        let flags = [
            "-Iinclude/warpdrive",
            "-D_GNU_SOURCE",
            &search,
            "-l:libwd.so.0",
        ];
        fake::compile("appendix_a", &["appendix_a.c"], &flags)
    })
}

/// Runs one row with this `dma_flag` and these faults, and answers the world after it.
fn row(letter: &str, dma_flag: &str, faults: &str) -> World {
    run(letter, World::vfio(dma_flag).with("FAKE_FAULT", faults))
}

fn run(letter: &str, world: World) -> World {
    let output = world
        .command(program())
        .arg(letter)
        .env("LD_LIBRARY_PATH", libraries())
        .output()
        .expect("just compiled");
    let text = fake::text(&output);
    assert!(output.status.success(), "{text}\n--- log\n{}", world.log());
    // Whatever the row: what was opened is closed, what was mapped is unmapped, whole.
    assert_eq!(
        world.count("mmap DUS 147456 @4096 = 0"),
        world.count("munmap DUS 147456 = 0")
    );
    assert_eq!(
        world.count("mmap MMIO 4096 @0 = 0"),
        world.count("munmap MMIO 4096 = 0")
    );
    world
}

/// Runs one row on a simulated device with these settings, within the library.
fn inside(letter: &str, settings: &str) {
    simulated(letter, settings, &mut Command::new(program()));
}

/// Runs one row on a simulated device that looks like the kernel's.
fn preloaded(letter: &str, settings: &str) {
    let mut command = Command::new(program());
    simulated(
        letter,
        settings,
        command.env("LD_PRELOAD", libraries().join("libwd_sim.so")),
    );
}

fn simulated(letter: &str, settings: &str, command: &mut Command) {
    let output = command
        .arg(letter)
        .env("WD_SIM", format!("hisi_zip,transport=vfio{settings}"))
        .env("LD_LIBRARY_PATH", libraries())
        .env_remove("WD_DEV_ROOT")
        .output()
        .expect("just compiled");
    assert!(output.status.success(), "{}", fake::text(&output));
}

const ROW_F: [&str; 5] = [
    "open vfio/10 cloexec",
    "open vfio/vfio cloexec",
    "ioctl GET_DEVICE_FD",
    "mmap DUS 147456 @4096 = 0",
    "mmap MMIO 4096 @0 = 0",
];

#[test]
fn row_a_a_missing_iommu_extension_is_no_success() {
    row("A", "1", "CHECK_EXTENSION=0");
    // And no more so if the call itself fails.
    row("A", "1", "CHECK_EXTENSION=-22");
}

#[test]
fn row_b_a_group_that_is_not_viable_is_no_success() {
    row("B", "1", "notviable");
}

#[test]
fn row_c_a_container_of_the_callers_stays_open_when_opening_fails() {
    row("C", "1", "GET_DEVICE_FD=-19");
}

#[test]
fn row_d_a_newline_after_the_interfaces_name_does_not_matter() {
    let world = World::vfio("1");
    world.file("device_api", "hisi_qm_v1\n");
    run("D", world);
}

#[test]
fn row_e_garbage_in_dma_flag_is_invalid() {
    row("E", "garbage", "");
}

#[test]
fn row_f_opening_makes_the_same_maps_and_closes_on_exec() {
    let world = row("F", "1\n", "");
    assert!(world.order(&ROW_F).is_sorted(), "{}", world.log());
    assert_eq!(world.count("mmap"), 2);
}

#[test]
fn row_g_a_ring_takes_1023_requests_and_no_system_call() {
    row("G", "1", "hold");
}

#[test]
fn row_h_an_empty_ring_says_again_without_a_system_call() {
    row("H", "1", "");
}

#[test]
fn row_i_a_synchronous_receive_waits_as_long_as_it_was_told() {
    row("I", "1", "");
}

#[test]
fn row_j_a_completion_out_of_order_finds_its_message() {
    row("J", "1", "swap");
}

#[test]
fn row_k_an_error_comes_once_with_its_message_and_the_queue_goes_on() {
    row("K", "1", "status=4@1");
}

#[test]
fn row_l_what_was_shared_is_unmapped_when_it_is_unshared() {
    let world = row("L", "1", "");
    assert_eq!(world.count("ioctl MAP_DMA = 0"), 1);
    assert_eq!(world.count("ioctl UNMAP_DMA = 0"), 1);
}

#[test]
fn row_m_sharing_with_shared_virtual_addresses_is_a_success_without_a_call() {
    let world = row("M", "4", "");
    assert_eq!(world.count("ioctl MAP_DMA"), 0);
    assert_eq!(world.count("ioctl UNMAP_DMA"), 0);
}

#[test]
fn row_n_a_device_of_many_processes_gets_its_pages_mapped() {
    let world = row("N", "2", "");
    assert_eq!(world.count("ioctl MAP_DMA = 0"), 1);
    assert_eq!(world.count("ioctl UNMAP_DMA = 0"), 1);
}

#[test]
fn row_o_release_undoes_everything_once_and_is_harmless_again() {
    let world = row("O", "1", "");
    assert_eq!((world.count("mmap"), world.count("munmap")), (2, 2));
    let order = ["close MDEV = 0", "close CONTAINER = 0", "close GROUP = 0"];
    assert!(world.order(&order).is_sorted(), "{}", world.log());
    assert_eq!(world.count("close"), 3);
}

#[test]
fn row_p_a_mapping_that_fails_is_an_error_and_leaves_nothing() {
    row("P", "1", "MMAP_DUS=-12");
    row("P", "1", "MMAP_MMIO=-12");
}

#[test]
fn a_simulated_device_is_good_for_the_rows_too() {
    for (letter, settings) in [
        ("D", ""),
        ("F", ""),
        ("G", ",fault=drop@from:1"),
        ("H", ""),
        ("I", ""),
        // The first is held until the second is long done.
        ("J", ",engines=2,orders=out,fault=delay:2000@1"),
        ("K", ",fault=status:4@1"),
        ("L", ""),
        ("M", ",dma=4"),
        ("N", ",dma=2"),
        ("O", ""),
        ("P", ",fault=region:ENOMEM@1"),
    ] {
        inside(letter, settings);
        preloaded(letter, settings);
    }
    // The program opens the container itself.
    preloaded("C", ",fault=open:ENODEV@1");
}
