//! A compression device for the kernel's uacce framework: `warpdrive-model [hisi_zip[,key=value...]]`,
//! with the keys of `WD_SIM`. The module `uacce_sim` is its driver half, and tells here what
//! clients do; the device is that of `warpdrive::sim`, and works on their memory from this process.
//!
//! Prints the device's name when it is there. The device goes when this process ends. What it has
//! done is in the file that `MODEL_REPORT` names, as of the last queue that was closed.

#![expect(
    unsafe_code,
    reason = "calls of the module, and its word for the clients"
)]

mod abi;

use abi::{Create, Event, What};
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::path::PathBuf;
use std::sync::Arc;
use warpdrive::Result;
use warpdrive::bd::zip;
use warpdrive::log;
use warpdrive::qm::layout::Version;
use warpdrive::sim::config::{self, Config};
use warpdrive::sim::served::{Line, Served, ServedQueue};
use warpdrive::sys::lent::Promise;
use warpdrive::sys::pages;
use warpdrive::sys::peer::Process;
use warpdrive::sys::shared::SharedMemory;

/// Wakes those who poll a queue.
struct Interrupt {
    control: Arc<File>,
    queue: u16,
}

impl Line for Interrupt {
    fn raise(&self) {
        // Fails when the client is gone, and then nobody polls.
        let queue = libc::c_ulong::from(self.queue);
        // SAFETY: takes a number.
        let _ = unsafe { libc::ioctl(self.control.as_raw_fd(), abi::IRQ.into(), queue) };
    }
}

/// A device, and what its clients have open.
struct Model {
    control: Arc<File>,
    device: Served,
    memory_size: usize,
    queues: HashMap<u16, ServedQueue>,
    /// Stores to the doorbell region that were no doorbells.
    strays: u64,
    /// Queues closed.
    closed: u64,
    report: Option<PathBuf>,
}

impl Model {
    /// Makes the device, and gives its name too.
    fn new(mut config: config::Device) -> Result<(Model, String)> {
        let version = config.api;
        let (depth, node) = (config.depth, config.node);
        // The kernel half counts what is open, and may use any number for it.
        let instances = core::mem::replace(&mut config.queues, abi::QUEUES);
        let device = Served::new("hisi_zip", config)?;
        let attributes = device.attributes();
        let create = Create {
            name: "hisi_zip".to_owned(),
            api: attributes.api.clone(),
            algorithms: attributes.algorithms.join("\n"),
            sva: attributes.sva(),
            instances: instances.into(),
            sqe_size: zip::SIZE as u32,
            mmio_pages: (attributes.mmio_size / pages::size()) as u32,
            doorbell_offset: Version::doorbell_offset(version) as u32,
            depth,
            node,
        };
        let control = OpenOptions::new().read(true).write(true).open(abi::PATH)?;
        let mut words = create.encode();
        // SAFETY: takes the address of so many words, as its number says.
        let made = unsafe { libc::ioctl(control.as_raw_fd(), abi::CREATE.into(), &raw mut words) };
        if made < 0 {
            return Err(io::Error::last_os_error().into());
        }
        let created = abi::created(&words);
        let model = Model {
            control: Arc::new(control),
            device,
            memory_size: created.memory_size,
            queues: HashMap::new(),
            strays: 0,
            closed: 0,
            report: std::env::var_os("MODEL_REPORT").map(PathBuf::from),
        };
        Ok((model, format!("hisi_zip-{}", created.number)))
    }

    /// Serves events until the control device fails.
    fn run(&mut self) -> io::Result<()> {
        let mut buffer = [0; 256 * abi::EVENT_SIZE];
        loop {
            let count = match (&*self.control).read(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                count => count?,
            };
            for bytes in buffer[..count].chunks_exact(abi::EVENT_SIZE) {
                if let Some(event) = Event::decode(bytes) {
                    self.serve(&event);
                }
            }
        }
    }

    fn serve(&mut self, event: &Event) {
        if event.what == What::Open {
            match self.open(event) {
                Ok(queue) => drop(self.queues.insert(event.queue, queue)),
                // A client that was faster than we are has closed it again.
                Err(error) => eprintln!("queue {}: not served: {error}", event.queue),
            }
            return;
        }
        let Some(queue) = self.queues.get(&event.queue) else {
            return;
        };
        match event.what {
            What::Doorbell => queue.doorbell(event.value),
            What::Context => complain(event, queue.configure(event.value as u16).map(drop)),
            What::Start => complain(event, queue.start()),
            What::Stop => queue.stop(),
            What::Stray => {
                self.strays += 1;
                eprintln!("queue {}: stray store at {:#x}", event.queue, event.value);
            }
            What::Put | What::Open => {
                self.queues.remove(&event.queue);
                self.closed += 1;
                self.tell();
            }
        }
    }

    fn open(&self, event: &Event) -> Result<ServedQueue> {
        let offset = abi::offset(event.queue);
        let memory = SharedMemory::map(self.control.as_fd(), offset, self.memory_size)?;
        let line = Box::new(Interrupt {
            control: Arc::clone(&self.control),
            queue: event.queue,
        });
        let client = Process::Other(event.pid);
        // SAFETY: the memory is that of another process, which has opened the queue: the kernel half
        // names no other client, and the kernel lets us trace it.
        let promise = unsafe { Promise::given() };
        self.device.open(promise, event.queue, client, memory, line)
    }

    /// Writes the report, whole at any time.
    fn tell(&self) {
        let Some(path) = &self.report else { return };
        let done = self.device.counters();
        let text = format!(
            "closed {}\ndescriptors {}\ncompletions {}\nerrors {}\nevents {}\nfaults {}\nbad_doorbells {}\nstrays {}\n",
            self.closed,
            done.descriptors,
            done.completions,
            done.errors,
            done.events,
            done.faults,
            done.model_errors,
            self.strays,
        );
        let fresh = path.with_extension("new");
        let written = std::fs::write(&fresh, text).and_then(|()| std::fs::rename(&fresh, path));
        if let Err(error) = written {
            eprintln!("{}: {error}", path.display());
        }
    }
}

fn complain(event: &Event, result: Result<()>) {
    if let Err(error) = result {
        eprintln!("queue {}: {:?}: {error}", event.queue, event.what);
    }
}

fn serve(text: &str) -> core::result::Result<(), String> {
    let config: Config = text.parse().map_err(|_| format!("'{text}' is no device"))?;
    let [device] = <[_; 1]>::try_from(config.devices).map_err(|_| "one device".to_owned())?;
    let (mut model, name) =
        Model::new(device).map_err(|error| format!("{}: {error}", abi::PATH))?;
    println!("{name}");
    io::stdout().flush().map_err(|error| error.to_string())?;
    model
        .run()
        .map_err(|error| format!("{}: {error}", abi::PATH))
}

fn main() {
    log::set_stderr_level(Some(log::Level::Error));
    let text = std::env::args().nth(1).unwrap_or("hisi_zip".to_owned());
    if let Err(reason) = serve(&text) {
        eprintln!("warpdrive-model: {reason}");
        std::process::exit(1);
    }
}
