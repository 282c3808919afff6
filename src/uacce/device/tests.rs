//! Discovery from made-up sysfs trees, and the order of candidates.

use super::*;
use std::fs;

/// A sysfs tree of one device, removed when dropped.
struct Tree(PathBuf);

impl Tree {
    fn new(label: &str, files: &[(&str, &[u8])]) -> Tree {
        let root = std::env::temp_dir().join(format!("wd-device-{label}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        for (name, content) in files {
            let path = root.join("hisi_zip-3").join(name);
            fs::create_dir_all(path.parent().expect("has a parent")).expect("writable");
            fs::write(path, content).expect("writable");
        }
        Tree(root)
    }

    fn only(&self) -> Option<Attributes> {
        let mut found = discover(&self.0, Path::new("/dev")).expect("directory");
        assert!(found.len() < 2);
        found.pop()
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const MAINLINE_FILES: &[(&str, &[u8])] = &[
    ("api", b"hisi_qm_v2\n"),
    ("flags", b"1\n"),
    ("algorithms", b"zlib\ngzip\n"),
    ("available_instances", b"256\n"),
    ("region_mmio_size", b"8192\n"),
    ("region_dus_size", b"151552\n"),
    ("device/numa_node", b"-1\n"),
    ("isolate", b"0\n"),
    ("isolate_strategy", b"15\n"),
    ("dev_usage", b"COMPRESS: 7\nDECOMPRESS: 0\nnonsense\n"),
];

fn without<'a>(files: &[(&'a str, &'a [u8])], name: &str) -> Vec<(&'a str, &'a [u8])> {
    files.iter().copied().filter(|(n, _)| *n != name).collect()
}

fn with<'a>(
    files: &[(&'a str, &'a [u8])],
    name: &'a str,
    content: &'a [u8],
) -> Vec<(&'a str, &'a [u8])> {
    let mut files = without(files, name);
    files.push((name, content));
    files
}

#[test]
#[cfg_attr(miri, ignore = "reads files")]
fn a_mainline_device_is_read_whole() {
    let device = Tree::new("mainline", MAINLINE_FILES)
        .only()
        .expect("one device");
    assert_eq!(device.name, "hisi_zip-3");
    assert_eq!(device.node_path, Path::new("/dev/hisi_zip-3"));
    assert_eq!(device.api, "hisi_qm_v2");
    assert!(device.sva() && !device.no_iommu() && device.usable());
    assert!(
        device.has("zlib") && device.has("gzip") && !device.has("zli") && !device.has("deflate")
    );
    assert_eq!((device.mmio_size, device.dus_size), (8192, 151_552));
    assert_eq!((device.numa_node, device.node_id), (0, Some(-1)));
    assert_eq!(device.numa_distance, None);
    assert_eq!(device.isolate_strategy, Some(15));
    assert_eq!(
        device.usage,
        [("COMPRESS".to_owned(), 7), ("DECOMPRESS".to_owned(), 0)]
    );
    assert_eq!(device.uapi, MAINLINE);
}

#[test]
#[cfg_attr(miri, ignore = "reads files")]
fn a_version_6_device_is_known_by_its_region_files() {
    let files: &[(&str, &[u8])] = &[
        ("api", b"hisi_qm_v1\n"),
        ("flags", b"0\n"),
        ("algorithms", b"zlib\ngzip"),
        ("available_instances", b"1\n"),
        ("qfrt_mmio_size", b"4096\n"),
        ("qfrt_dko_size", b"0\n"),
        ("qfrt_dus_size", b"147456\n"),
        ("node_id", b"1\n"),
        ("numa_distance", b"0\n"),
        ("id", b"3\n"),
    ];
    let device = Tree::new("v6", files).only().expect("one device");
    assert_eq!(device.uapi, V6);
    assert_eq!((device.mmio_size, device.dus_size), (4096, 147_456));
    assert_eq!((device.numa_node, device.node_id), (1, Some(1)));
    assert_eq!(device.numa_distance, Some(0));
    assert!(!device.sva());
}

#[test]
#[cfg_attr(miri, ignore = "reads files")]
fn attributes_may_lie_in_a_directory_of_their_own() {
    let files: Vec<_> = MAINLINE_FILES
        .iter()
        .map(|(n, c)| (format!("attrs/{n}"), *c))
        .collect();
    let files: Vec<_> = files.iter().map(|(n, c)| (n.as_str(), *c)).collect();
    assert_eq!(
        Tree::new("attrs", &files).only().map(|d| d.api),
        Some("hisi_qm_v2".to_owned())
    );
}

#[test]
#[cfg_attr(miri, ignore = "reads files")]
fn a_device_with_garbage_in_a_needed_attribute_is_left_out() {
    for (name, content) in [
        ("api", &b""[..]),
        ("flags", b"garbage"),
        ("flags", b""),
        ("available_instances", b"-1"),
        ("region_dus_size", b"1e6"),
        ("region_mmio_size", b"99999999999999999999999999"),
        ("device/numa_node", b"here"),
        ("isolate", b"\xff"),
    ] {
        let tree = Tree::new("garbage", &with(MAINLINE_FILES, name, content));
        assert!(tree.only().is_none(), "{name} = {content:?}");
    }
    for name in ["api", "flags", "algorithms"] {
        assert!(
            Tree::new("absent", &without(MAINLINE_FILES, name))
                .only()
                .is_none(),
            "no {name}"
        );
    }
}

#[test]
#[cfg_attr(miri, ignore = "reads files")]
fn a_device_without_the_optional_attributes_is_usable() {
    let mut files = MAINLINE_FILES.to_vec();
    for name in [
        "isolate",
        "isolate_strategy",
        "dev_usage",
        "device/numa_node",
        "available_instances",
    ] {
        files = without(&files, name);
    }
    let device = Tree::new("optional", &files).only().expect("one device");
    assert!(device.usable() && device.available.is_none() && device.usage.is_empty());
}

#[test]
#[cfg_attr(miri, ignore = "reads files")]
fn a_device_is_read_by_its_name_and_nothing_else_is() {
    let tree = Tree::new("named", MAINLINE_FILES);
    let named = |name| named(&tree.0, name, Path::new("/dev"));
    assert_eq!(named("hisi_zip-3").map(|d| d.available), Ok(Some(256)));
    for name in ["hisi_zip-4", "", ".", "..", "../named", "hisi_zip-3/device"] {
        assert_eq!(named(name), Err(Error::NoDevice), "{name}");
    }
}

#[test]
#[cfg_attr(miri, ignore = "reads files")]
fn garbage_in_a_named_devices_attribute_is_an_io_error() {
    for content in [&b""[..], b"-1\n", b"\xff\xfe", b"12 13"] {
        let files = with(MAINLINE_FILES, "available_instances", content);
        let tree = Tree::new("named-garbage", &files);
        let found = named(&tree.0, "hisi_zip-3", Path::new("/dev"));
        assert_eq!(found, Err(Error::Io), "{content:?}");
    }
}

#[test]
fn no_class_directory_means_no_device() {
    assert_eq!(
        discover(Path::new("/nonexistent/class/uacce"), Path::new("/dev")),
        Err(Error::NoDevice)
    );
}

fn device(name: &str, node: u32, available: u32) -> Attributes {
    Attributes {
        name: name.to_owned(),
        origin: Origin::Kernel,
        node_path: PathBuf::new(),
        api: "hisi_qm_v2".to_owned(),
        flags: DeviceFlags::SVA,
        algorithms: vec!["zlib".to_owned()],
        available: Some(available),
        mmio_size: 8192,
        dus_size: 151_552,
        isolated: false,
        isolate_strategy: None,
        numa_node: node,
        node_id: None,
        numa_distance: None,
        usage: Vec::new(),
        uapi: MAINLINE,
    }
}

fn order(devices: Vec<Attributes>, wanted: &Wanted) -> Result<Vec<String>> {
    let distance = |node| if node == 1 { 10 } else { 20 + node };
    Ok(rank(devices, wanted, distance)?
        .into_iter()
        .map(|d| d.name)
        .collect())
}

#[test]
fn the_nearest_device_comes_first_then_the_one_with_most_free_queues() {
    let devices = vec![
        device("far", 0, 99),
        device("near-few", 1, 2),
        device("near-many", 1, 7),
    ];
    assert_eq!(
        order(devices, &Wanted::default()).expect("three"),
        ["near-many", "near-few", "far"]
    );
}

#[test]
fn busy_and_isolated_devices_are_passed_over_unless_named() {
    let busy = || {
        vec![
            device("a", 1, 0),
            Attributes {
                isolated: true,
                ..device("b", 1, 5)
            },
        ]
    };
    assert_eq!(order(busy(), &Wanted::default()), Err(Error::Busy));
    let named = Wanted {
        name: Some("a".to_owned()),
        ..Wanted::default()
    };
    assert_eq!(order(busy(), &named).expect("named"), ["a"]);
}

#[test]
fn an_algorithm_or_name_that_no_device_has_is_no_device() {
    for wanted in [
        Wanted {
            name: Some("z".to_owned()),
            ..Wanted::default()
        },
        Wanted {
            algorithm: Some("zli".to_owned()),
            ..Wanted::default()
        },
    ] {
        assert_eq!(
            order(vec![device("a", 0, 1)], &wanted),
            Err(Error::NoDevice)
        );
    }
}

#[test]
fn a_device_without_an_iommu_must_be_asked_for() {
    let bare = || {
        vec![Attributes {
            api: "hisi_qm_v2_noiommu".to_owned(),
            ..device("a", 0, 1)
        }]
    };
    assert_eq!(order(bare(), &Wanted::default()), Err(Error::Permission));
    let wanted = Wanted {
        no_iommu: true,
        ..Wanted::default()
    };
    assert_eq!(order(bare(), &wanted).expect("asked for"), ["a"]);
}

#[test]
#[cfg_attr(miri, ignore = "reads files")]
fn flags_that_nobody_knows_are_kept() {
    let files = with(MAINLINE_FILES, "flags", b"4294967293");
    let device = Tree::new("flags", &files).only().expect("one device");
    assert!(device.sva() && !device.no_iommu());
    assert_eq!(device.flags.bits(), 0xffff_fffd);
}
