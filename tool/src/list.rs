//! `wd list`: devices, and the drivers of algorithms.

use crate::fail::{Fail, Result, print, print_json};
use crate::table::Table;
use clap::Args;
use serde::Serialize;
use warpdrive::bus;
use warpdrive::drv::registry::{self, Kind};
use warpdrive::sim::config;
use warpdrive::uacce::channel::Bus;
use warpdrive::uacce::device::{Attributes, Origin};

/// List devices, drivers and algorithms
#[derive(Args, Debug)]
pub struct List {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report {
    devices: Vec<Device>,
    drivers: Vec<Driver>,
}

#[derive(Serialize)]
struct Device {
    name: String,
    simulated: bool,
    node_path: Option<String>,
    api: String,
    /// Shared virtual addressing: the device works on the process's own addresses.
    sva: bool,
    no_iommu: bool,
    numa_node: u32,
    /// Queues that are free now; null where the kernel does not tell.
    free_queues: Option<u32>,
    isolated: bool,
    isolate_strategy: Option<u32>,
    region_mmio_size: usize,
    region_dus_size: usize,
    algorithms: Vec<String>,
    /// Loads in percent, by kind of work.
    usage: std::collections::BTreeMap<String, u32>,
}

#[derive(Serialize)]
struct Driver {
    name: String,
    algorithm: String,
    /// `device` or `processor`.
    computes_with: &'static str,
    priority: i32,
    available: bool,
}

impl Device {
    fn of(device: &Attributes) -> Device {
        let simulated = device.origin == Origin::Simulated;
        let path = device.node_path.display().to_string();
        Device {
            name: device.name.clone(),
            simulated,
            node_path: (!path.is_empty()).then_some(path),
            api: device.api.clone(),
            sva: device.sva(),
            no_iommu: device.no_iommu(),
            numa_node: device.numa_node,
            free_queues: device.available,
            isolated: device.isolated,
            isolate_strategy: device.isolate_strategy,
            region_mmio_size: device.mmio_size,
            region_dus_size: device.dus_size,
            algorithms: device.algorithms.clone(),
            usage: device.usage.iter().cloned().collect(),
        }
    }

    fn notes(&self) -> String {
        let mut notes = Vec::new();
        for (is, note) in [
            (self.simulated, "simulated"),
            (self.isolated, "isolated"),
            (self.no_iommu, "no IOMMU"),
        ] {
            if is {
                notes.push(note.to_owned());
            }
        }
        notes.extend(
            self.usage
                .iter()
                .map(|(kind, load)| format!("{kind} {load}%")),
        );
        if notes.is_empty() {
            notes.push("-".to_owned());
        }
        notes.join(", ")
    }
}

/// The devices there are; none where the kernel has no such class.
pub fn devices() -> Result<Vec<Attributes>> {
    match bus()?.devices() {
        Err(warpdrive::Error::NoDevice) => Ok(Vec::new()),
        found => found.map_err(|error| Fail::at("devices", error)),
    }
}

/// The bus of this process.
pub fn bus() -> Result<&'static dyn Bus> {
    bus::system().map_err(|error| {
        let text = std::env::var("WD_SIM").unwrap_or_default();
        match config::parse(&text) {
            Err(reason) => Fail::at("WD_SIM", reason),
            // The one other thing that is looked at.
            Ok(_) => Fail::at("WD_SIM_REPORT_SIGNAL", error),
        }
    })
}

fn drivers() -> Vec<Driver> {
    let list = registry::list(&bus::has).into_iter();
    list.map(|entry| Driver {
        name: entry.identity.driver,
        algorithm: entry.identity.algorithm,
        computes_with: if Kind::Hardware.includes(entry.identity.kind) {
            "device"
        } else {
            "processor"
        },
        priority: entry.identity.priority,
        available: entry.available,
    })
    .collect()
}

/// Runs the command.
pub fn run(options: &List) -> Result<()> {
    let devices: Vec<Device> = devices()?.iter().map(Device::of).collect();
    let drivers = drivers();
    if options.json {
        return print_json(&Report { devices, drivers });
    }
    let mut text = table_of_devices(&devices);
    let mut table = Table::new(&["DRIVER", "WITH", "PRIORITY", "ALGORITHMS"]);
    let mut names: Vec<(&str, &str, i32)> = Vec::new();
    for driver in &drivers {
        let name = (driver.name.as_str(), driver.computes_with, driver.priority);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    for (name, with, priority) in names {
        let of = drivers.iter().filter(|driver| driver.name == name);
        let algorithms: Vec<&str> = of.map(|driver| driver.algorithm.as_str()).collect();
        let cells = [name, with, &priority.to_string(), &algorithms.join(" ")];
        table.row(cells.map(str::to_owned).to_vec());
    }
    text.push('\n');
    text.push_str(&table.text());
    print(&text)
}

fn table_of_devices(devices: &[Device]) -> String {
    if devices.is_empty() {
        return "no devices\n".to_owned();
    }
    let headings = [
        "DEVICE",
        "API",
        "SVA",
        "NODE",
        "FREE",
        "NOTES",
        "ALGORITHMS",
    ];
    let mut table = Table::new(&headings);
    for device in devices {
        let free = device.free_queues.map_or("?".to_owned(), |n| n.to_string());
        table.row(vec![
            device.name.clone(),
            device.api.clone(),
            if device.sva { "yes" } else { "no" }.to_owned(),
            device.numa_node.to_string(),
            free,
            device.notes(),
            device.algorithms.join(" "),
        ]);
    }
    table.text()
}
