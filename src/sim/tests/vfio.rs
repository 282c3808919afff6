//! Mediated devices behind a simulated VFIO, by the calls of the kernel interface and by
//! the client of it that the library has.

use super::*;
use crate::bd::zip::Status;
use crate::error::Error;
use crate::sim::BUS_FAULT;
use crate::sim::vfio::Group;
use crate::sys::pages::{self, Pages};
use crate::uacce::channel::{Access, Memory, Wake};
use crate::uacce::vfio::calls::{Container as _, Device as _, Vfio as _};
use crate::uacce::vfio::{self, Opened, Paths};
use std::ffi::{CStr, CString};
use std::os::fd::RawFd;

const UUID: &CStr = c"22e09922-7a82-11e8-9cf6-d74cffa9e87b";
const TYPE1: usize = 1;

/// How a program of the time names the device.
fn paths(place: u32, container: Option<RawFd>) -> Paths {
    let uuids = [UUID, c"22e09922-7a82-11e8-9cf6-d74cffa9e87c"];
    let dir = format!("/sys/class/sdmdev/0000:{:x}:00.0/device", 0x75 + place);
    Paths {
        mdev: uuids[place as usize].to_owned(),
        group: format!("/dev/vfio/{}", 10 + place).into(),
        iommu_type: format!("{dir}/params/iommu_type").into(),
        dma_flag: format!("{dir}/params/dma_flag").into(),
        device_api: format!("{dir}/mdev_supported_types/hisi_zip-hisi_zip/device_api").into(),
        container,
    }
}

/// A queue that the client has opened, with its ring.
fn open(world: &World, place: u32, container: Option<RawFd>) -> Result<(Rig, Opened)> {
    let opened = vfio::open(world, &paths(place, container))?;
    let channel = Arc::clone(&opened.channel);
    let sqe_size = zip::SIZE as u32;
    let id = channel.configure(QueueSetup {
        kind: COMPRESS,
        sqe_size,
    })?;
    let (sender, receiver) = ring::open(&*channel, Version::V1, &id)?;
    channel.start()?;
    let rig = Rig {
        receiver,
        sender,
        id,
        channel,
        next_tag: 1,
    };
    Ok((rig, opened))
}

/// Input and room for output, in pages of their own.
struct Buffers {
    input: Pages,
    output: Pages,
    len: usize,
}

impl Buffers {
    fn of(data: &[u8]) -> Buffers {
        let input = Pages::allocate(data.len()).expect("memory");
        crate::sys::peer::write(Promise::in_tests(), input.address() as u64, data).expect("ours");
        Buffers {
            output: Pages::allocate(2 * data.len()).expect("memory"),
            len: data.len(),
            input,
        }
    }

    fn ranges(&self) -> [core::ops::Range<usize>; 2] {
        [&self.input, &self.output].map(|p| p.address()..p.address() + p.len())
    }

    fn request(&self) -> Sqe {
        Sqe {
            request: Request::Zlib.code(),
            source: self.input.address() as u64,
            input_length: self.len as u32,
            destination: self.output.address() as u64,
            output_space: self.output.len() as u32,
            ..Sqe::default()
        }
    }

    fn produced(&self, len: u32) -> Vec<u8> {
        let mut bytes = vec![0; len as usize];
        crate::sys::peer::read(self.output.address() as u64, &mut bytes).expect("ours");
        bytes
    }
}

fn mapper(rig: &Rig) -> Arc<dyn crate::uacce::channel::Mapper> {
    match rig.channel.memory() {
        Memory::Mapped(mapper) => mapper,
        other => panic!("{other:?}"),
    }
}

fn faults(world: &World) -> u64 {
    world.counters("hisi_zip-0").expect("device 0").bus_faults
}

#[test]
#[cfg_attr(miri, ignore = "processes and system calls")]
fn what_is_mapped_is_compressed_and_before_and_afterwards_it_is_a_fault() {
    let world = world("hisi_zip,transport=vfio");
    assert!(world.devices().expect("none").is_empty());
    let (mut rig, opened) = open(&world, 0, None).expect("opens");
    assert_eq!((opened.api.as_str(), opened.dma_flag), ("hisi_qm_v1", 1));
    assert_eq!((opened.pasid, rig.id.number), (0, 0));
    let data = text(100_000);
    let memory = Buffers::of(&data);
    let request = memory.request();
    // Nothing is mapped yet, then only the input, then the output for reading only.
    assert_eq!(rig.run(&request).status, BUS_FAULT);
    let mapper = mapper(&rig);
    let [input, output] = memory.ranges();
    mapper.map(&input, Access::Read).expect("not mapped");
    assert_eq!(rig.run(&request).status, BUS_FAULT);
    mapper.map(&output, Access::Read).expect("not mapped");
    assert_eq!(rig.run(&request).status, BUS_FAULT);
    assert_eq!(memory.produced(1000), [0; 1000]);
    assert_eq!(faults(&world), 3);
    mapper.unmap(&output);
    mapper.map(&output, Access::ReadWrite).expect("not mapped");
    let done = rig.run(&request);
    assert_eq!(Status::from_code(done.status), Status::Ok);
    let stream = [&[0x78, 0x9c], &memory.produced(done.produced)[..]].concat();
    assert_eq!(python("zlib.decompress(d)", &stream), data);
    mapper.unmap(&input);
    assert_eq!(rig.run(&request).status, BUS_FAULT);
    assert_eq!(faults(&world), 4);
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn a_group_and_its_device_are_open_once_and_closing_takes_all_back() {
    let world = world("hisi_zip,transport=vfio");
    let (mut rig, opened) = open(&world, 0, None).expect("opens");
    let again = vfio::open(&world, &paths(0, None));
    assert_eq!(again.err(), Some(Error::Busy));
    let memory = Buffers::of(&text(1000));
    let mapper = mapper(&rig);
    for range in memory.ranges() {
        mapper.map(&range, Access::ReadWrite).expect("not mapped");
    }
    assert!(Status::from_code(rig.run(&memory.request()).status).is_good());
    drop((mapper, rig, opened));
    // A new container has nothing of the old one, and the ring begins anew.
    let (mut rig, _opened) = open(&world, 0, None).expect("free again");
    assert_eq!(rig.run(&memory.request()).status, BUS_FAULT);
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn devices_in_one_container_reach_the_same_pages() {
    let world = world("hisi_zip,transport=vfio,count=2");
    let (mut one, opened) = open(&world, 0, None).expect("opens");
    let (mut two, also) = open(&world, 1, Some(opened.container)).expect("opens");
    assert_eq!(also.own_container, opened.own_container);
    let memory = Buffers::of(&text(1000));
    for range in memory.ranges() {
        mapper(&one).map(&range, Access::ReadWrite).expect("free");
    }
    let again = mapper(&two).map(&memory.ranges()[0], Access::Read);
    assert_eq!(again, Err(Error::Exists));
    for rig in [&mut one, &mut two] {
        assert!(Status::from_code(rig.run(&memory.request()).status).is_good());
    }
    drop((one, opened));
    assert!(Status::from_code(two.run(&memory.request()).status).is_good());
    let null = std::fs::File::open("/dev/null").expect("there");
    let number = std::os::fd::AsRawFd::as_raw_fd(&null);
    let none = vfio::open(&world, &paths(0, Some(number)));
    assert_eq!(none.err(), Some(Error::Invalid));
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn with_sva_all_addresses_are_good_as_long_as_the_process_is_bound() {
    let world = world("hisi_zip,transport=vfio,dma=4");
    let (mut rig, opened) = open(&world, 0, None).expect("opens");
    assert!(matches!(rig.channel.memory(), Memory::Sva));
    assert_eq!((opened.dma_flag, opened.pasid), (4, 1));
    let (data, mut out) = (text(1000), vec![0; 2000]);
    let request = request(Request::Zlib, &data, &mut out);
    assert!(Status::from_code(rig.run(&request).status).is_good());
    assert_eq!(faults(&world), 0);
    drop((rig, opened));
    // By hand, to unbind under a queue that runs.
    let (container, device) = by_hand(&world);
    let pasid = container.bind().expect("with SVA");
    assert_eq!(device.bind(pasid as usize), Ok(0));
    container.unbind(pasid).expect("bound");
    assert_eq!(container.unbind(pasid), Err(Error::Invalid));
    assert_eq!(device.bind(pasid as usize), Err(Error::Invalid));
    let ring = device.rings(144 << 10).expect("started");
    let slot = ring.entries::<{ zip::SIZE }>(0, 1024).expect("fits");
    slot.at(0).expect("there").store(&request.encode());
    let bell = device.bell(0x340).expect("a doorbell").expect("simulated");
    bell.ring(PROMISE, 1 << 32);
    until(&world, |did| did.bus_faults == 1);
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn a_device_that_cannot_wait_for_pages_faults_on_those_that_are_not_there() {
    let world = world("hisi_zip,transport=vfio,dma=8");
    let (mut rig, opened) = open(&world, 0, None).expect("opens");
    assert!(matches!(rig.channel.memory(), Memory::SvaPinned));
    assert_eq!(opened.dma_flag, 8);
    let memory = Buffers::of(&text(1000));
    let fresh = memmap2::MmapOptions::new().len(8192).map_anon();
    let fresh = fresh.expect("memory");
    let request = Sqe {
        destination: fresh.as_ptr() as u64,
        ..memory.request()
    };
    assert_eq!(rig.run(&request).status, BUS_FAULT, "nobody touched it yet");
    let pinned = pages::lock(fresh.as_ptr() as usize, 8192);
    // Where the limit allows none, a touch does as well.
    if pinned.is_err() {
        assert_eq!((fresh[0], fresh[4096]), (0, 0));
    }
    assert!(Status::from_code(rig.run(&request).status).is_good());
    assert_eq!(faults(&world), 1);
}

/// A device of world's only group, by the kernel's calls.
fn by_hand(world: &World) -> (crate::sim::vfio::Container, crate::sim::vfio::Mdev) {
    let (container, group) = attached(world);
    container.set_iommu(TYPE1).expect("the first time");
    let device = group.open_device(UUID).expect("there");
    (container, device)
}

fn attached(world: &World) -> (crate::sim::vfio::Container, Group) {
    let container = world.container().expect("there is VFIO");
    let group = world.group(10).expect("there");
    group.attach(&container).expect("in none");
    (container, group)
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn calls_out_of_order_are_refused_as_the_kernel_refuses_them() {
    let world = world("hisi_zip,transport=vfio");
    assert_eq!(world.group(11).err(), Some(Error::Os(libc::ENOENT)));
    let container = world.container().expect("there is VFIO");
    assert_eq!(container.version(), Ok(0));
    assert_eq!(
        [1, 3, 2, 8].map(|n| container.knows(n)),
        [true, true, false, false]
    );
    assert_eq!(container.set_iommu(TYPE1), Err(Error::Invalid), "no group");
    let group = world.group(10).expect("there");
    assert_eq!(world.group(10).err(), Some(Error::Busy));
    assert!(!group.is_attached());
    assert_eq!(group.detach(), Err(Error::Invalid));
    assert_eq!(group.open_device(UUID).err(), Some(Error::Invalid));
    group.attach(&container).expect("in none");
    let other = world.container().expect("another");
    assert_eq!(group.attach(&other), Err(Error::Invalid));
    assert_eq!(group.attach(&container), Err(Error::Invalid));
    assert_eq!(group.open_device(UUID).err(), Some(Error::Invalid));
    assert!(!container.has_iommu());
    assert_eq!(container.set_iommu(2), Err(Error::NoDevice));
    container.set_iommu(TYPE1).expect("the first time");
    assert_eq!(container.set_iommu(TYPE1), Err(Error::Invalid));
    let unknown = group.open_device(c"22e09922-7a82-11e8-9cf6-d74cffa9e87c");
    assert_eq!(unknown.err(), Some(Error::NoDevice));
    let device = group.open_device(UUID).expect("there");
    assert_eq!(group.open_device(UUID).err(), Some(Error::Busy));
    assert_eq!(group.detach(), Err(Error::Busy));
    // Without SVA nobody is bound, and this driver cannot wait.
    assert_eq!(container.bind(), Err(Error::Os(libc::ENOTTY)));
    assert_eq!(device.bind(1), Err(Error::Invalid));
    assert_eq!(device.wait(1), Err(Error::NoDevice));
    assert!(device.rings(144 << 10).is_ok());
    assert_eq!(device.rings((144 << 10) + 1).err(), Some(Error::Invalid));
    assert_eq!(device.rings(0).err(), Some(Error::Invalid));
    assert_eq!(device.map(2, 4096).err(), Some(Error::Invalid));
    // The device keeps the group in the container.
    drop(group);
    assert!(container.has_iommu());
    assert_eq!(world.group(10).err(), Some(Error::Busy));
    drop(device);
    assert!(!container.has_iommu());
    drop(world.group(10).expect("free again"));
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn the_last_group_takes_the_mappings_and_the_iommu_along() {
    let world = world("hisi_zip,transport=vfio");
    let (container, group) = attached(&world);
    let memory = Buffers::of(&[1]);
    let [range, _] = memory.ranges();
    let map = || container.map(&range, Access::Read);
    assert_eq!(map(), Err(Error::Invalid), "no IOMMU yet");
    container.set_iommu(TYPE1).expect("the first time");
    map().expect("free");
    assert_eq!(map(), Err(Error::Exists));
    group.detach().expect("attached");
    assert_eq!((map(), container.has_iommu()), (Err(Error::Invalid), false));
    group.attach(&container).expect("in none");
    container.set_iommu(3).expect("forgotten");
    map().expect("forgotten");
    let page = pages::size();
    let cut = container.unmap(&(range.start - page..range.end));
    assert_eq!(cut, Ok(range.len()));
    drop(group);
    assert_eq!(container.unmap(&range), Err(Error::Invalid));
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn a_queue_with_sva_runs_from_the_binding_on() {
    let world = world("hisi_zip,transport=vfio,dma=4");
    let (container, device) = by_hand(&world);
    assert_eq!(device.rings(4096).err(), Some(Error::Invalid));
    assert_eq!(device.bind(1), Err(Error::Invalid), "not bound");
    let pasid = container.bind().expect("with SVA");
    assert_eq!(device.bind(pasid as usize + 1), Err(Error::Invalid));
    assert_eq!(device.bind(pasid as usize), Ok(0));
    assert!(device.rings(4096).is_ok());
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn a_driver_that_waits_wakes_when_something_completes() {
    let world = world("hisi_zip,transport=vfio,wait=1");
    let (mut rig, _opened) = open(&world, 0, None).expect("opens");
    let limit = Duration::from_millis(20);
    // Nothing is under way: the call itself waits, and says so.
    assert_eq!(
        rig.channel.wait(Duration::from_millis(1)),
        Ok(Wake::TimedOut)
    );
    rig.channel.wait(limit).expect("waits");
    let tag = rig.send(&wild());
    until(&world, |did| did.completions == 1);
    assert_eq!(rig.channel.wait(limit), Ok(Wake::Event));
    assert_eq!(rig.poll().expect("alive").expect("an answer").0, tag);
    drop(rig);
    let (_container, device) = {
        drop(_opened);
        by_hand(&world)
    };
    assert_eq!(device.wait_ticks(1), Ok(0));
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn a_queue_that_did_not_start_has_no_rings() {
    let world = world("hisi_zip,transport=vfio,fault=start:EIO@1,fault=open:ENOMEM@2");
    assert_eq!(open(&world, 0, None).err(), Some(Error::Invalid));
    assert_eq!(open(&world, 0, None).err(), Some(Error::NoMemory));
    // Nothing of it is left.
    open(&world, 0, None).expect("opens");
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn a_removed_device_is_gone_for_its_queue_and_for_those_who_look() {
    let world = world("hisi_zip,transport=vfio");
    let (mut rig, _opened) = open(&world, 0, None).expect("opens");
    world.remove("hisi_zip-0").expect("there");
    assert_eq!(rig.poll().err(), Some(Error::NoDevice));
    let again = vfio::open(&world, &paths(0, None)).err();
    assert_eq!(again, Some(Error::NoDevice));
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn attributes_are_where_the_first_kernels_have_them() {
    let world = world("hisi_zip;hisi_zip,transport=vfio,dma=2,count=2");
    let device = world.mediated().nth(1).expect("two");
    assert_eq!((device.name(), device.group()), ("hisi_zip-2", 11));
    assert_eq!(device.pci(), "0000:76:00.0");
    let uuid = CString::new(device.uuid()).expect("no NUL");
    assert_eq!(uuid, paths(1, None).mdev);
    let text = |name| {
        let files = device.attributes();
        let found = files.into_iter().find(|(path, _)| path == name);
        found.expect("there").1
    };
    assert_eq!(text("params/dma_flag"), "2\n");
    assert_eq!(text("params/iommu_type"), "1\n");
    let api = text("mdev_supported_types/hisi_zip-hisi_zip/device_api");
    assert_eq!(api, "hisi_qm_v1");
    assert_eq!(
        world.attribute(&paths(1, None).dma_flag).as_deref(),
        Ok("2")
    );
    let nowhere = world.attribute("/sys/class/sdmdev/0000:77:00.0/device".as_ref());
    assert_eq!(nowhere.err(), Some(Error::Os(libc::ENOENT)));
    // In the uacce class there is one device of the three.
    assert_eq!(world.devices().expect("listed").len(), 1);
    assert!(world.attributes("hisi_zip-1").is_none());
    assert_eq!(world.take("hisi_zip-1").err(), Some(Error::NoDevice));
}
