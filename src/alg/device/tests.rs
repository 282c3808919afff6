//! Devices of a bus, as C programs see them.

use super::*;
use crate::sim::{World, config::Config};
use crate::uacce::channel::Channel;
use crate::uacce::device::Origin;
use crate::uacce::uapi::{DeviceFlags, MAINLINE};
use std::path::PathBuf;
use std::sync::Arc;

/// A bus of devices that are only looked at.
struct Shelf(Vec<Attributes>);

impl Bus for Shelf {
    fn devices(&self) -> Result<Vec<Attributes>> {
        Ok(self.0.clone())
    }
    fn open(&self, _: &Attributes) -> Result<Arc<dyn Channel>> {
        Err(Error::Unsupported)
    }
}

fn attributes(name: &str, algorithms: &[&str]) -> Attributes {
    Attributes {
        name: name.to_owned(),
        origin: Origin::Kernel,
        node_path: PathBuf::from(format!("/dev/{name}")),
        api: "hisi_qm_v3".to_owned(),
        flags: DeviceFlags::SVA | DeviceFlags::IOMMU,
        algorithms: algorithms.iter().map(|&a| a.to_owned()).collect(),
        available: Some(7),
        mmio_size: 8192,
        dus_size: 151_552,
        isolated: false,
        isolate_strategy: None,
        numa_node: 1,
        node_id: None,
        numa_distance: None,
        usage: Vec::new(),
        uapi: MAINLINE,
    }
}

fn simulation(text: &str) -> World {
    World::new(text.parse::<Config>().expect("a valid text")).expect("a valid world")
}

fn names(devices: &[uacce_dev]) -> Vec<String> {
    devices
        .iter()
        .map(|d| name(&d.dev_root).expect("a name"))
        .collect()
}

#[test]
fn a_device_is_told_in_the_fields_of_its_structure() {
    let dev = twin(&attributes("hisi_zip-0", &["zlib", "gzip"])).expect("fits");
    assert_eq!((dev.flags, dev.numa_id), (0x81, 1));
    assert_eq!(text(&dev.api), "hisi_qm_v3");
    assert_eq!(text(&dev.algs), "zlib\ngzip");
    assert_eq!(text(&dev.dev_root), "/sys/class/uacce/hisi_zip-0");
    assert_eq!(text(&dev.char_dev_path), "/dev/hisi_zip-0");
    assert_eq!(dev.qfrs_offs, [8192, 151_552, 0]);
}

#[test]
fn a_long_list_of_algorithms_loses_whole_names_and_keeps_its_end() {
    let algorithms: Vec<String> = (10..60).map(|n| format!("algorithm{n}")).collect();
    let algorithms: Vec<&str> = algorithms.iter().map(String::as_str).collect();
    let dev = twin(&attributes("hisi_sec2-0", &algorithms)).expect("cut");
    let listed = text(&dev.algs);
    assert!(listed.len() < MAX_ATTR_STR_SIZE && dev.algs[MAX_ATTR_STR_SIZE - 1] == 0);
    let kept: Vec<&str> = listed.lines().collect();
    assert_eq!(kept, algorithms[..kept.len()]);
    assert_eq!(kept.len(), 32, "32 names and 31 newlines are 383 bytes");
}

#[test]
fn a_device_whose_name_does_not_fit_is_left_out() {
    let long = format!("hisi_zip-{}", "0".repeat(300));
    let bus = Shelf(vec![
        attributes(&long, &["zlib"]),
        attributes("hisi_zip-1", &["zlib"]),
    ]);
    let found = list_on(&bus, "zlib").expect("one");
    assert_eq!(names(&found), ["hisi_zip-1"]);
}

#[test]
fn an_algorithm_is_found_wherever_its_line_stands() {
    // libwd looks at the first place of "dh" only, which is in "ecdh".
    let bus = Shelf(vec![attributes("hisi_hpre-0", &["ecdh", "rsa", "dh"])]);
    for algorithm in ["ecdh", "rsa", "dh"] {
        assert_eq!(
            list_on(&bus, algorithm).map(|l| l.len()),
            Ok(1),
            "{algorithm}"
        );
    }
    for algorithm in ["ec", "h", "", "rsa\ndh", "DH", "dh\n"] {
        let found = list_on(&bus, algorithm).map(|l| l.len());
        assert_eq!(found, Err(Error::NoDevice), "{algorithm:?}");
    }
}

#[test]
fn an_isolated_device_is_not_listed_and_says_so() {
    let mut broken = attributes("hisi_zip-0", &["zlib"]);
    broken.isolated = true;
    let dev = twin(&broken).expect("fits");
    let bus = Shelf(vec![broken, attributes("hisi_zip-1", &["zlib"])]);
    assert_eq!(names(&list_on(&bus, "zlib").expect("one")), ["hisi_zip-1"]);
    assert_eq!(isolated_on(&bus, &dev), Ok(true));
}

#[test]
fn simulated_devices_are_listed_with_paths_that_name_them() {
    let world = simulation("hisi_zip,count=2,queues=3;hisi_zip,api=3,node=2");
    let found = list_on(&world, "gzip").expect("three");
    assert_eq!(names(&found), ["hisi_zip-0", "hisi_zip-1", "hisi_zip-2"]);
    assert_eq!(text(&found[2].char_dev_path), "/dev/hisi_zip-2");
    assert_eq!((found[2].numa_id, found[2].flags & 1), (2, 1));
    assert_eq!(
        names(&list_on(&world, "deflate").expect("v3")),
        ["hisi_zip-2"]
    );
    assert_eq!(available_on(&world, &found[1]), Ok(3));
    assert_eq!(isolated_on(&world, &found[1]), Ok(false));
}

#[test]
fn the_freest_device_of_a_node_is_picked_and_the_first_of_equals() {
    let world = simulation("hisi_zip,queues=2;hisi_zip,count=2,queues=5;hisi_zip,node=3");
    let devices = list_on(&world, "zlib").expect("four");
    assert_eq!(freest_on(&world, devices.iter(), 0), Ok(1));
    assert_eq!(freest_on(&world, devices.iter(), 3), Ok(3));
    let none = Err(Error::NoDevice);
    assert_eq!(freest_on(&world, devices.iter(), 1), none);
    assert_eq!(freest_on(&world, devices.iter(), -1), none);
    assert_eq!(freest_on(&world, [].iter(), 0), none);
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn a_node_whose_queues_are_all_taken_has_no_device() {
    let world = simulation("hisi_zip,queues=1");
    let devices = list_on(&world, "zlib").expect("one");
    let channel = world.open(&world.devices().expect("one")[0]).expect("free");
    assert_eq!(available_on(&world, &devices[0]), Ok(0));
    assert_eq!(freest_on(&world, devices.iter(), 0), Err(Error::NoDevice));
    assert_eq!(nearest_on(&world, "zlib").err(), Some(Error::Busy));
    drop(channel);
    assert_eq!(freest_on(&world, devices.iter(), 0), Ok(0));
}

#[test]
#[cfg_attr(miri, ignore = "reads files")]
fn the_nearest_device_is_taken_even_if_a_farther_one_has_more_queues() {
    let here = crate::sys::numa::here();
    let world = simulation(&format!(
        "hisi_zip,node={},queues=9;hisi_zip,node={here},queues=2;hisi_zip,node={here},queues=4",
        here + 1
    ));
    let best = nearest_on(&world, "zlib").expect("three");
    assert_eq!(names(&[best]), ["hisi_zip-2"]);
    assert_eq!(nearest_on(&world, "sm4").err(), Some(Error::NoDevice));
}

#[test]
fn a_device_that_is_not_there_has_no_queues_and_is_not_isolated() {
    let world = simulation("hisi_zip");
    let mut dev = twin(&attributes("hisi_zip-7", &["zlib"])).expect("fits");
    assert_eq!(available_on(&world, &dev), Err(Error::NoDevice));
    assert_eq!(isolated_on(&world, &dev), Ok(false));
    dev.dev_root = [0; PATH_STR_SIZE];
    assert_eq!(available_on(&world, &dev), Err(Error::Invalid));
    // Not terminated, and no UTF-8.
    dev.dev_root = [-1_i8 as c_char; PATH_STR_SIZE];
    assert_eq!(available_on(&world, &dev), Err(Error::NoDevice));
}

#[test]
fn a_device_that_does_not_tell_its_queues_is_no_choice() {
    let mut silent = attributes("hisi_zip-0", &["zlib"]);
    silent.available = None;
    let bus = Shelf(vec![silent]);
    let devices = list_on(&bus, "zlib").expect("one");
    assert_eq!(available_on(&bus, &devices[0]), Err(Error::NoDevice));
    assert_eq!(freest_on(&bus, devices.iter(), 1), Err(Error::NoDevice));
}

/// No driver knows.
fn nobody(_: &str, _: &str) -> Result<u32> {
    Err(Error::Os(libc::EACCES))
}

#[test]
fn the_word_of_a_devices_driver_counts_before_the_kernels() {
    let (bus, dev) = busy("hisi_sec2-0", &["cipher"], &[("SEC", 5)]);
    let driver = |name: &str, class: &str| {
        assert_eq!((name, class), ("hisi_sec2-0", "cipher"));
        Ok(77)
    };
    assert_eq!(usage_on(&bus, &driver, &dev, "ctr(aes)", 0), Ok(Some(77)));
    let refuses = |_: &str, _: &str| Err(Error::Invalid);
    let answer = usage_on(&bus, &refuses, &dev, "cipher", 0);
    assert_eq!(answer, Err(Error::Invalid));
}

fn busy(name: &str, algorithms: &[&str], usage: &[(&str, u32)]) -> (Shelf, uacce_dev) {
    let mut device = attributes(name, algorithms);
    device.usage = usage.iter().map(|(k, n)| ((*k).to_owned(), *n)).collect();
    let dev = twin(&device).expect("fits");
    (Shelf(vec![device]), dev)
}

#[test]
fn usage_is_read_by_algorithm_and_kind_of_operation() {
    let loads = [("DECOMPRESS", 30), ("COMPRESS", 7), ("DAE", 99)];
    let (bus, dev) = busy("hisi_zip-0", &["zlib", "hashagg"], &loads);
    assert_eq!(usage_on(&bus, &nobody, &dev, "zlib", 0), Ok(Some(7)));
    assert_eq!(usage_on(&bus, &nobody, &dev, "zlib", 1), Ok(Some(30)));
    assert_eq!(usage_on(&bus, &nobody, &dev, "hashagg", 0), Ok(Some(99)));
    for (algorithm, op_type) in [("zlib", 2), ("hashagg", 1), ("lz4", 0), ("", 0)] {
        let answer = usage_on(&bus, &nobody, &dev, algorithm, op_type);
        assert_eq!(answer, Err(Error::Invalid), "{algorithm} {op_type}");
    }
    let (bus, dev) = busy("hisi_hpre-1", &["rsa", "sm2"], &[("RSA", 1), ("ECC", 2)]);
    assert_eq!(usage_on(&bus, &nobody, &dev, "rsa", 0), Ok(Some(1)));
    assert_eq!(usage_on(&bus, &nobody, &dev, "sm2", 0), Ok(Some(2)));
    assert_eq!(usage_on(&bus, &nobody, &dev, "rsa", 1), Err(Error::Invalid));
}

#[test]
fn usage_of_a_listed_class_is_that_of_its_algorithms() {
    let (bus, dev) = busy("hisi_sec2-0", &["cipher"], &[("SEC", 5)]);
    assert_eq!(usage_on(&bus, &nobody, &dev, "cipher", 0), Ok(Some(5)));
    assert_eq!(usage_on(&bus, &nobody, &dev, "cbc(aes)", 0), Ok(Some(5)));
    assert_eq!(usage_on(&bus, &nobody, &dev, "sm3", 0), Err(Error::Invalid));
}

#[test]
fn a_device_that_tells_no_usage_and_one_that_has_gone_have_none() {
    let (bus, dev) = busy("hisi_zip-0", &["zlib"], &[]);
    assert_eq!(usage_on(&bus, &nobody, &dev, "zlib", 0), Ok(None));
    assert_eq!(
        usage_on(&Shelf(Vec::new()), &nobody, &dev, "zlib", 0),
        Ok(None)
    );
    // It tells, but not of this.
    let (bus, dev) = busy("hisi_zip-0", &["zlib"], &[("DECOMPRESS", 3)]);
    assert_eq!(
        usage_on(&bus, &nobody, &dev, "zlib", 0),
        Err(Error::Invalid)
    );
    let (bus, dev) = busy("other-0", &["zlib"], &[("COMPRESS", 3)]);
    assert_eq!(
        usage_on(&bus, &nobody, &dev, "zlib", 0),
        Err(Error::Invalid)
    );
}

#[test]
fn names_are_taken_from_paths() {
    for (path, device, driver) in [
        ("/dev/hisi_zip-0", "hisi_zip-0", "hisi_zip"),
        ("hisi_sec2-12", "hisi_sec2-12", "hisi_sec2"),
        ("/dev/a-b-3", "a-b-3", "a-b"),
        ("/dev/a-b", "a-b", "a-b"),
        ("/dev/a-3x", "a-3x", "a-3x"),
        ("/dev/a-", "a-", "a-"),
        ("/x-1/plain", "plain", "plain"),
        ("/-1", "-1", ""),
    ] {
        let name = |driver| short_name(path.as_bytes(), driver);
        assert_eq!(name(false), Some(device.as_bytes()), "{path}");
        assert_eq!(name(true), Some(driver.as_bytes()), "{path}");
    }
    for path in ["", "/dev/plain", "/x-1/", "/"] {
        assert_eq!(short_name(path.as_bytes(), false), None, "{path}");
    }
}
