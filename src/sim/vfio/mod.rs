//! VFIO with mediated devices, as the first WarpDrive kernels have it: one group for
//! each device, containers that groups are put into, and sysfs files about it all.
//! Not modelled: other devices of VFIO, and interrupts by it.

mod container;
mod group;
mod mappings;

pub use container::Container;
pub use group::{Group, Mdev};

pub(super) use container::Shared;
pub(super) use mappings::Mappings;

use super::World;
use super::device::Device;
use super::opened::mine;
use crate::error::{Error, Result};
use crate::sys::lock::Mutex;
use crate::uacce::vfio::calls;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::path::Path;
use std::sync::{Arc, Weak};

// The first device is the one that the sample of the first patches names.
/// The group of the first device.
const GROUP: u32 = 10;
/// The PCI bus of the first device, `0000:75:00.0`.
const PCI_BUS: u32 = 0x75;
/// The name of the first device.
const UUID: u128 = 0x22e0_9922_7a82_11e8_9cf6_d74c_ffa9_e87b;
/// The directory with what can be made of a device.
const KIND: &str = "hisi_zip-hisi_zip";

/// A mediated device, and the group that it is alone in.
pub struct Mediated {
    device: Arc<Device>,
    /// How many there are before it.
    place: u32,
    state: Mutex<group::State>,
    containers: Arc<Containers>,
}

/// The containers that were opened by descriptors of this process.
type Containers = Mutex<Vec<(RawFd, Weak<Shared>)>>;

/// The VFIO of a world.
pub(super) struct Vfio {
    pub mediated: Vec<Arc<Mediated>>,
    containers: Arc<Containers>,
}

impl Vfio {
    /// With those of `devices` that are behind it.
    pub fn new(devices: &[Arc<Device>]) -> Vfio {
        let containers = Arc::<Containers>::default();
        let mine = devices.iter().filter(|device| device.is_mediated());
        let mediated = mine.zip(0..).map(|(device, place)| {
            Arc::new(Mediated {
                device: Arc::clone(device),
                place,
                state: Mutex::default(),
                containers: Arc::clone(&containers),
            })
        });
        Vfio {
            mediated: mediated.collect(),
            containers,
        }
    }
}

impl Mediated {
    /// The name that the simulation has for the device.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.device.name
    }

    /// The number of its group.
    #[must_use]
    pub fn group(&self) -> u32 {
        GROUP + self.place
    }

    /// The PCI address of the device that it is made of.
    #[must_use]
    pub fn pci(&self) -> String {
        format!("0000:{:02x}:00.0", PCI_BUS + self.place)
    }

    /// The name of the mediated device.
    #[must_use]
    pub fn uuid(&self) -> String {
        let digits = format!("{:032x}", UUID + u128::from(self.place));
        let [a, b, c, d] = [8, 12, 16, 20];
        [
            &digits[..a],
            &digits[a..b],
            &digits[b..c],
            &digits[c..d],
            &digits[d..],
        ]
        .join("-")
    }

    /// The files about it in `/sys/class/sdmdev/<pci>/device`: their paths there, and what is in
    /// them, to the last newline.
    #[must_use]
    pub fn attributes(&self) -> Vec<(String, String)> {
        let kind = |name| format!("mdev_supported_types/{KIND}/{name}");
        vec![
            (
                "params/iommu_type".to_owned(),
                format!("{}\n", container::TYPE1),
            ),
            (
                "params/dma_flag".to_owned(),
                format!("{}\n", self.dma().flag()),
            ),
            (kind("name"), "hisi_zip".to_owned()),
            (kind("device_api"), self.device.config.api.api().to_owned()),
            (kind("available_instances"), "0".to_owned()),
            (kind("flags"), "0".to_owned()),
        ]
    }

    /// Whether the device has disappeared.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.device.is_gone()
    }

    fn container(&self, number: RawFd) -> Option<Arc<Shared>> {
        let all = self.containers.lock();
        let mut named = all.iter().filter(|(known, _)| *known == number);
        named.find_map(|(_, container)| container.upgrade())
    }
}

impl World {
    /// The mediated devices, in the order of their groups.
    pub fn mediated(&self) -> impl Iterator<Item = &Mediated> {
        self.vfio.mediated.iter().map(|device| &**device)
    }

    /// Opens a container.
    ///
    /// # Errors
    /// [`Error::NoDevice`] if the world has no mediated device, [`Error::Shutdown`] in a fork child.
    pub fn container(&self) -> Result<Container> {
        self.mine()?;
        if self.vfio.mediated.is_empty() {
            return Err(Error::NoDevice);
        }
        Container::new(self.born)
    }

    /// Opens a group by its number.
    ///
    /// # Errors
    /// `ENOENT` if there is none, [`Error::Busy`] while it or its device is open,
    /// [`Error::NoDevice`] if that was removed, [`Error::Shutdown`] in a fork child.
    pub fn group(&self, number: u32) -> Result<Group> {
        self.mine()?;
        let all = &self.vfio.mediated;
        let found = all.iter().find(|device| device.group() == number);
        Group::open(found.ok_or(Error::Os(libc::ENOENT))?, self.born)
    }
}

impl calls::Vfio for World {
    fn is_simulated(&self) -> bool {
        true
    }

    fn attribute(&self, path: &Path) -> Result<String> {
        self.mine()?;
        for device in self.mediated().filter(|device| !device.is_gone()) {
            let dir = format!("/sys/class/sdmdev/{}/device", device.pci());
            let mut files = device.attributes().into_iter();
            if let Ok(inside) = path.strip_prefix(dir)
                && let Some((_, text)) = files.find(|(name, _)| inside == Path::new(name))
            {
                return Ok(text.trim().to_owned());
            }
        }
        Err(Error::Os(libc::ENOENT))
    }

    fn open_group(&self, path: &Path) -> Result<Box<dyn calls::Group>> {
        let name = path.strip_prefix("/dev/vfio").ok();
        let number = name.and_then(|name| name.to_str()?.parse().ok());
        let group = self.group(number.ok_or(Error::Os(libc::ENOENT))?)?;
        Ok(Box::new(group))
    }

    fn open_container(&self) -> Result<Box<dyn calls::Container>> {
        let container = self.container()?;
        let number = container.as_fd().as_raw_fd();
        let mut all = self.vfio.containers.lock();
        // The number may have been that of one that is closed, or that groups still are in.
        all.retain(|(known, shared)| *known != number && shared.strong_count() > 0);
        all.push((number, Arc::downgrade(&container.shared)));
        Ok(Box::new(container))
    }

    /// The program has its containers from here, so that the client knows all.
    fn adopt_container(&self, _: OwnedFd) -> Result<Box<dyn calls::Container>> {
        self.mine()?;
        Err(Error::Invalid)
    }
}
