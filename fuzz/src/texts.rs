//! Texts from outside: sysfs, environment variables, the list of plug-ins.

use super::input::Input;
use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;
use warpdrive::alg::env;
use warpdrive::queue::Options;
use warpdrive::sim::World;
use warpdrive::sim::config::Config;
use warpdrive::sys::{numa, plugins};
use warpdrive::uacce::channel::Bus;
use warpdrive::uacce::device::{self, Wanted};

/// The attributes of a device, and what is read beside it.
const FILES: [&str; 16] = [
    "class/hisi_zip-0/api",
    "class/hisi_zip-0/flags",
    "class/hisi_zip-0/algorithms",
    "class/hisi_zip-0/available_instances",
    "class/hisi_zip-0/region_mmio_size",
    "class/hisi_zip-0/region_dus_size",
    "class/hisi_zip-0/isolate",
    "class/hisi_zip-0/isolate_strategy",
    "class/hisi_zip-0/device/numa_node",
    "class/hisi_zip-0/dev_usage",
    "class/hisi_zip-0/node_id",
    "class/hisi_zip-0/qfrt_dus_size",
    "class/hisi_zip-0/qfrt_ss_size",
    "devices/system/node/online",
    "devices/system/node/node0/distance",
    "devices/system/node/node1/distance",
];

/// Between two files' contents. No attribute has it: it is not UTF-8.
const BETWEEN: u8 = 0xff;

/// A directory of this process, in memory where there is such a place.
fn directory() -> &'static PathBuf {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        let memory = PathBuf::from("/dev/shm");
        let base = if memory.is_dir() {
            memory
        } else {
            std::env::temp_dir()
        };
        let root = base.join(format!("warpdrive-fuzz-{}", std::process::id()));
        for file in FILES {
            let file = root.join(file);
            fs::create_dir_all(file.parent().expect("in a directory")).expect("writable");
        }
        root
    })
}

/// The files of sysfs that describe a device, one after the other; those that are left out are not
/// there.
pub fn sysfs(data: &[u8]) {
    let root = directory();
    let mut contents = data.split(|byte| *byte == BETWEEN);
    for file in FILES {
        match contents.next() {
            Some(content) => fs::write(root.join(file), content).expect("writable"),
            None => {
                let _ = fs::remove_file(root.join(file));
            }
        }
    }
    let class = root.join("class");
    let found = device::discover(&class, root).expect("there is such a directory");
    assert_eq!(
        found.is_empty(),
        device::named(&class, "hisi_zip-0", root).is_err()
    );
    for node in 0..3 {
        let _ = numa::distance(root, 0, node);
    }
    assert_eq!(numa::highest(root), 1);
    for device in &found {
        assert!(!device.api.is_empty() && device.api.len() <= 3 * 4096);
        assert!(device.algorithms.iter().all(|name| !name.is_empty()));
        let _ = warpdrive::alg::device::twin(device);
        let _ = device.to_string();
    }
    let chosen = device::candidates(found.clone(), &Wanted::default());
    for device in chosen.iter().flatten() {
        assert!(device.usable() && !device.no_iommu());
    }
}

/// `WD_SIM`.
pub fn sim_config(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Ok(config) = text.parse::<Config>() else {
        return;
    };
    assert!((1..=64).contains(&config.devices.len()));
    for device in &config.devices {
        assert!((4..=32768).contains(&device.depth) && device.level <= 9);
        assert!((1..=1024).contains(&device.queues) && device.engines <= 64);
    }
    let devices = config.devices.len();
    let world = World::new(config).expect("what is read is valid");
    assert!(world.devices().expect("ours").len() <= devices);
}

/// `WD_COMP_CTX_NUM`, `WD_COMP_ASYNC_POLL_NUM`, and the attributes of queues of the seed API.
pub fn environment(data: &[u8]) {
    let mut input = Input::new(data);
    let which = input.u8();
    let text = String::from_utf8_lossy(input.rest());
    match which % 3 {
        0 => {
            let items = env::contexts(&text, &env::COMP);
            let made = |items: &[env::Item]| {
                let item = |item: &env::Item| {
                    let name = env::COMP[item.mode as usize][usize::from(item.op_type)];
                    format!("{name}{}@{}", item.number, item.node)
                };
                items.iter().map(item).collect::<Vec<_>>().join(",")
            };
            // There is one way to say a thing.
            assert!(items.is_err() || made(&items.unwrap_or_default()) == text);
        }
        1 => {
            let items = env::threads(&text);
            let item = |(number, node): &(u32, u32)| format!("{number}@{node}");
            let made = |items: &[(u32, u32)]| items.iter().map(item).collect::<Vec<_>>().join(",");
            assert!(items.is_err() || made(&items.unwrap_or_default()) == text);
        }
        _ => {
            if let Ok(options) = Options::from_attributes(&text) {
                let line = options.attributes();
                assert!(line.len() < 256);
                assert_eq!(Options::from_attributes(&line), Ok(options));
            }
        }
    }
}

/// `uadk.cnf`.
pub fn plugin_list(data: &[u8]) {
    for name in plugins::listed(data) {
        let name = name.as_encoded_bytes();
        assert!(!name.starts_with(b"#") && !name.contains(&b'\n'));
        assert!(name.windows(3).any(|part| part == b".so"));
    }
}
