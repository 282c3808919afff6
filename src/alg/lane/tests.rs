//! Lanes over simulated devices and software.

use super::*;
use crate::sim::World;
use crate::sim::config::Config;
use Direction::{WD_DIR_COMPRESS, WD_DIR_DECOMPRESS};

const EFFORT: Effort = Effort {
    level: 8,
    window: 4,
};

fn world(text: &str) -> World {
    World::new(text.parse::<Config>().expect("a valid text")).expect("a valid world")
}

fn open(world: &World, format: Format, uses: &[(Direction, bool)]) -> Result<Arc<Lanes>> {
    let device = world.devices().expect("listed").remove(0);
    open_in(world, Some(&device), format, uses)
}

fn open_in(
    world: &World,
    device: Option<&Attributes>,
    format: Format,
    uses: &[(Direction, bool)],
) -> Result<Arc<Lanes>> {
    let one = |(way, asynchronous): &(Direction, bool)| Use {
        way: *way,
        asynchronous: *asynchronous,
    };
    let uses: Vec<Use> = uses.iter().map(one).collect();
    Lanes::open(world, device, format, &uses)
}

fn text(len: usize) -> Arc<Vec<u8>> {
    let line = |i: usize| format!("{i}: {} of {} sheep\n", i * 7919 % 1009, i / 3);
    Arc::new((0..).flat_map(|i| line(i).into_bytes()).take(len).collect())
}

fn job(format: Format, way: Direction, input: &Arc<Vec<u8>>, data: usize) -> Job {
    Job::new(format, way, Arc::clone(input), data)
}

#[test]
#[cfg_attr(miri, ignore = "simulated devices read and write by system calls")]
fn jobs_and_streams_go_through_the_device_that_was_named() {
    let world = world("hisi_zip;hisi_zip");
    let devices = world.devices().expect("listed");
    let both = [(WD_DIR_COMPRESS, false), (WD_DIR_DECOMPRESS, false)];
    let data = text(50_000);
    for device in [Some(&devices[1]), None] {
        let lanes = open_in(&world, device, Format::WD_ZLIB, &both).expect("opened");
        let path = device.map_or(Path::Software, |_| Path::Simulated);
        assert_eq!([lanes.path(0), lanes.path(1)], [path; 2]);
        let mut pack = job(Format::WD_ZLIB, WD_DIR_COMPRESS, &data, 0);
        let done = lanes.run(0, EFFORT, &mut pack).expect("an answer");
        assert_eq!((done.status, done.consumed), (Status::Ok, data.len()));
        pack.output.truncate(done.produced);
        let small = Arc::new(pack.output);
        let mut unpack = job(Format::WD_ZLIB, WD_DIR_DECOMPRESS, &small, data.len());
        let done = lanes.run(1, EFFORT, &mut unpack).expect("an answer");
        assert!(unpack.output[..done.produced] == data[..]);

        let mut stream = Stream::new(&lanes, 1, EFFORT, (small.len(), 8000)).expect("a context");
        stream.input().copy_from_slice(&small);
        let (mut at, mut back) = (0, Vec::new());
        while !stream.is_fresh() || at == 0 {
            let done = stream.step(at, small.len(), false).expect("an answer");
            at += done.consumed;
            back.extend_from_slice(&stream.output()[..done.produced]);
        }
        assert!(at == small.len() && back[..] == data[..]);
    }
    let done = |name| world.counters(name).expect("there").descriptors;
    assert_eq!(done("hisi_zip-0"), 0);
    assert!(done("hisi_zip-1") > 2);
}

#[test]
#[cfg_attr(miri, ignore = "simulated devices read and write by system calls")]
fn answers_of_a_pipe_are_of_its_own_jobs() {
    let world = world("hisi_zip,engines=3,orders=out");
    let lanes = open(&world, Format::WD_GZIP, &[(WD_DIR_COMPRESS, true)]).expect("opened");
    let mut pipe = Pipe::new(&lanes, 0, EFFORT, 5).expect("a context");
    for len in 1..=5 {
        let job = job(Format::WD_GZIP, WD_DIR_COMPRESS, &text(len * 1000), 0);
        assert!(pipe.send(job).expect("sent").is_none());
    }
    let more = job(Format::WD_GZIP, WD_DIR_COMPRESS, &text(9), 0);
    assert!(pipe.send(more).expect("no error").is_some(), "full");
    let mut lengths = Vec::new();
    while let Some(back) = pipe.wait().expect("an answer") {
        assert_eq!(back.done.consumed, back.job.input.len());
        lengths.push(back.job.input.len());
    }
    lengths.sort_unstable();
    assert_eq!(lengths, [1000, 2000, 3000, 4000, 5000]);
}

#[test]
#[cfg_attr(miri, ignore = "simulated devices read and write by system calls")]
fn a_context_is_for_one_kind_of_request_and_one_pipe() {
    let world = world("hisi_zip");
    let uses = [(WD_DIR_COMPRESS, false), (WD_DIR_COMPRESS, true)];
    let lanes = open(&world, Format::WD_ZLIB, &uses).expect("opened");
    let pipe = |number| Pipe::new(&lanes, number, EFFORT, 4);
    let first = pipe(1).expect("free");
    assert_eq!(pipe(0).err(), Some(Error::Invalid));
    assert_eq!(pipe(1).err(), Some(Error::Busy));
    assert_eq!(pipe(2).err(), Some(Error::Invalid));
    drop(first);
    assert!(pipe(1).is_ok());
    let mut job = job(Format::WD_ZLIB, WD_DIR_COMPRESS, &text(100), 0);
    assert_eq!(lanes.run(1, EFFORT, &mut job), Err(Error::Invalid));
    assert_eq!(lanes.run(2, EFFORT, &mut job), Err(Error::Invalid));
    assert!(Stream::new(&lanes, 1, EFFORT, (10, 10)).is_err());
}

#[test]
#[cfg_attr(miri, ignore = "simulated devices read and write by system calls")]
fn threads_take_turns_in_a_context() {
    let world = world("hisi_zip");
    let lanes = open(&world, Format::WD_ZLIB, &[(WD_DIR_COMPRESS, false)]).expect("opened");
    std::thread::scope(|scope| {
        for len in 1..=4 {
            let lanes = &lanes;
            scope.spawn(move || {
                for turn in 0..50 {
                    let data = text(len * 700 + turn);
                    let mut job = job(Format::WD_ZLIB, WD_DIR_COMPRESS, &data, 0);
                    let done = lanes.run(0, EFFORT, &mut job).expect("an answer");
                    assert_eq!(done.consumed, data.len());
                }
            });
        }
    });
}

#[test]
#[cfg_attr(miri, ignore = "simulated devices read and write by system calls")]
fn a_pipe_that_is_dropped_takes_its_jobs_back() {
    let world = world("hisi_zip,fault=drop@from:1");
    let lanes = open(&world, Format::WD_ZLIB, &[(WD_DIR_COMPRESS, true)]).expect("opened");
    let mut pipe = Pipe::new(&lanes, 0, EFFORT, 4).expect("a context");
    let data = text(1000);
    let sent = pipe.send(job(Format::WD_ZLIB, WD_DIR_COMPRESS, &data, 0));
    assert!(sent.expect("sent").is_none());
    assert_eq!((pipe.flying(), Arc::strong_count(&data)), (1, 2));
    drop(pipe);
    assert_eq!(Arc::strong_count(&data), 1, "the input is free");
    let again = Pipe::new(&lanes, 0, EFFORT, 4);
    assert_eq!(again.expect("the context is free").flying(), 0);
}

#[test]
#[cfg_attr(miri, ignore = "simulated devices read and write by system calls")]
fn a_reset_ends_the_jobs_of_a_pipe_and_a_job() {
    let world = world("hisi_zip,fault=drop@1");
    let uses = [(WD_DIR_COMPRESS, true), (WD_DIR_COMPRESS, false)];
    let lanes = open(&world, Format::WD_ZLIB, &uses).expect("opened");
    let mut pipe = Pipe::new(&lanes, 0, EFFORT, 4).expect("a context");
    let mut one = job(Format::WD_ZLIB, WD_DIR_COMPRESS, &text(1000), 0);
    let sent = pipe.send(job(Format::WD_ZLIB, WD_DIR_COMPRESS, &text(1000), 0));
    assert!(sent.expect("sent").is_none());
    world.reset("hisi_zip-0").expect("there");
    assert_eq!(pipe.wait().err(), Some(Error::DeviceReset));
    assert_eq!(pipe.flying(), 0);
    assert_eq!(lanes.run(1, EFFORT, &mut one), Err(Error::DeviceReset));
}

#[test]
fn what_nobody_serves_is_no_device() {
    let world = world("hisi_zip;hisi_zip,sva=0");
    let devices = world.devices().expect("listed");
    let mut other = devices[0].clone();
    other.name = "hisi_zip2-0".to_owned();
    assert!(is_served(&devices[0], Format::WD_ZLIB));
    assert!(!is_served(&other, Format::WD_ZLIB) && is_served(&devices[1], Format::WD_ZLIB));
    let uses = [(WD_DIR_COMPRESS, false)];
    let open = |device, format| open_in(&world, Some(device), format, &uses).err();
    assert_eq!(open(&other, Format::WD_ZLIB), Some(Error::NoDevice));
    assert_eq!(
        open(&devices[0], Format::WD_COMP_ALG_MAX),
        Some(Error::NoDevice)
    );
}

/// Half a MiB is promised. What is not in one piece is told.
#[test]
#[cfg_attr(miri, ignore = "simulated devices read and write by system calls")]
fn without_sva_requests_are_copied_to_memory_that_the_device_reaches() {
    let world = world("hisi_zip,api=5,sva=0");
    let data = text(512 << 10);
    for format in [Format::WD_ZLIB, Format::WD_GZIP, Format::WD_DEFLATE] {
        let both = [(WD_DIR_COMPRESS, false), (WD_DIR_DECOMPRESS, false)];
        let lanes = open(&world, format, &both).expect("opened");
        let mut pack = job(format, WD_DIR_COMPRESS, &data, 0);
        let done = lanes.run(0, EFFORT, &mut pack).expect("an answer");
        assert_eq!((done.status, done.consumed), (Status::Ok, data.len()));
        pack.output.truncate(done.produced);
        let small = Arc::new(pack.output);
        let mut unpack = job(format, WD_DIR_DECOMPRESS, &small, data.len());
        let done = lanes.run(1, EFFORT, &mut unpack).expect("an answer");
        assert!(unpack.output[..done.produced] == data[..], "{format:?}");
        let mut long = job(format, WD_DIR_COMPRESS, &text(3 << 20), 0);
        assert_eq!(lanes.run(0, EFFORT, &mut long), Err(Error::NoMemory));
        let done = lanes.run(1, EFFORT, &mut unpack);
        assert_eq!(
            done.map(|done| done.status),
            Ok(Status::Ok),
            "all came back"
        );
    }
    // Where the results are is told by their addresses: those of the copy.
    let lanes = open(&world, Format::WD_LZ77_ZSTD, &[(WD_DIR_COMPRESS, false)]).expect("opened");
    let data = text(100_000);
    let mut one = job(Format::WD_LZ77_ZSTD, WD_DIR_COMPRESS, &data, 0);
    lanes.run(0, EFFORT, &mut one).expect("an answer");
    let found = one.found().expect("LZ77");
    let software = open_in(
        &world,
        None,
        Format::WD_LZ77_ZSTD,
        &[(WD_DIR_COMPRESS, false)],
    );
    assert!(software.is_ok() && found.literals > 0 && found.sequences > 0);
    assert!(found.at >= found.literals && found.at + 8 * found.sequences <= one.output.len());
    assert!(one.output[..found.literals].starts_with(&data[..8]));
    assert_eq!(world.counters("hisi_zip-0").expect("there").errors, 0);
}

#[test]
#[cfg_attr(miri, ignore = "simulated devices read and write by system calls")]
fn without_sva_a_full_memory_gives_a_job_back_until_others_are_done() {
    let world = world("hisi_zip,api=3,sva=0");
    let lanes = open(&world, Format::WD_ZLIB, &[(WD_DIR_COMPRESS, true)]).expect("opened");
    let mut pipe = Pipe::new(&lanes, 0, EFFORT, 100).expect("a context");
    let data = text(400_000);
    let (mut sent, mut back) = (0, 0);
    let mut waited = false;
    while back < 40 {
        if sent < 40 {
            let one = job(Format::WD_ZLIB, WD_DIR_COMPRESS, &data, 0);
            if pipe.send(one).expect("no error").is_none() {
                sent += 1;
                continue;
            }
            waited = true;
        }
        let done = pipe.wait().expect("an answer").expect("some fly").done;
        assert_eq!((done.status, done.consumed), (Status::Ok, data.len()));
        back += 1;
    }
    assert!(waited);
    let long = job(Format::WD_ZLIB, WD_DIR_COMPRESS, &text(3 << 20), 0);
    assert_eq!(pipe.send(long).err(), Some(Error::NoMemory), "never will");
}

#[test]
#[cfg_attr(miri, ignore = "simulated devices read and write by system calls")]
fn without_sva_a_stream_takes_what_fits_and_goes_on() {
    let world = world("hisi_zip,sva=0");
    let both = [(WD_DIR_COMPRESS, false), (WD_DIR_DECOMPRESS, false)];
    let lanes = open(&world, Format::WD_GZIP, &both).expect("opened");
    let data = text(3 << 20);
    let run = |number: usize, input: &[u8], last: bool| {
        let sizes = (input.len(), 4 << 20);
        let mut stream = Stream::new(&lanes, number, EFFORT, sizes).expect("a context");
        stream.input().copy_from_slice(input);
        let (mut at, mut made, mut steps) = (0, Vec::new(), 0);
        while !stream.is_fresh() || at == 0 {
            let done = stream.step(at, input.len(), last).expect("an answer");
            at += done.consumed;
            made.extend_from_slice(&stream.output()[..done.produced]);
            steps += 1;
            assert!(steps < 100);
        }
        assert_eq!(at, input.len());
        (made, steps)
    };
    let (small, steps) = run(0, &data, true);
    assert!(steps >= 6, "{steps} pieces");
    let (again, _) = run(1, &small, false);
    assert!(again[..] == data[..]);
    // Devices do not see memory that is not theirs.
    assert_eq!(world.counters("hisi_zip-0").expect("there").errors, 0);
}
