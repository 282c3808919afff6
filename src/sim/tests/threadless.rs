//! Devices without threads: who rings does the work.

use super::{COMPRESS, DECOMPRESS, Rig, request, text, wild, world};
use crate::bd::zip::Request;
use crate::error::Error;
use core::time::Duration;
use std::time::Instant;

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn without_engines_the_answers_are_there_when_the_doorbell_returns() {
    let world = world("hisi_zip,engines=0,depth=16");
    let (mut deflate, mut inflate) = (Rig::open(&world, COMPRESS), Rig::open(&world, DECOMPRESS));
    let data = text(5000);
    // Later requests are longer: the engine's buffers grow with them.
    for part in [&data[..10], &data[..300], &data] {
        let (mut small, mut back) = (vec![0; 6000], vec![0; 6000]);
        deflate.send(&request(Request::Zlib, part, &mut small));
        let (_, made) = deflate.poll().expect("alive").expect("done");
        small.truncate(made.produced as usize);
        inflate.send(&request(Request::Zlib, &small, &mut back));
        let (_, done) = inflate.poll().expect("alive").expect("done");
        assert_eq!(&back[..done.produced as usize], part);
    }
    // More at once than fits before completions are taken: the doorbell that takes them goes on.
    let written: Vec<u64> = (0..15)
        .map(|_| deflate.write(&wild()).expect("room"))
        .collect();
    deflate.sender.commit().expect("a live queue");
    let mut answer = || deflate.poll().expect("alive").expect("done").0;
    let got: Vec<u64> = written.iter().map(|_| answer()).collect();
    assert_eq!(got, written);
}

#[test]
#[cfg_attr(miri, ignore = "system calls")]
fn without_engines_faults_happen_in_the_doorbell() {
    let world = world("hisi_zip,engines=0,fault=delay:3@1,fault=drop@2,fault=reset@4");
    let mut rig = Rig::open(&world, COMPRESS);
    let begin = Instant::now();
    let first = rig.send(&wild());
    assert!(begin.elapsed() >= Duration::from_millis(3));
    assert_eq!(rig.poll().expect("alive").map(|(tag, _)| tag), Some(first));
    rig.send(&wild());
    assert_eq!(rig.poll(), Ok(None));
    let third = rig.send(&wild());
    assert_eq!(rig.poll().expect("alive").map(|(tag, _)| tag), Some(third));
    rig.send(&wild());
    assert_eq!(rig.poll(), Err(Error::DeviceReset));
    // Nothing is in anybody's hands: this does not wait.
    rig.channel.stop();
}

#[test]
#[cfg_attr(miri, ignore = "system calls and threads")]
fn threads_that_ring_share_the_work_of_a_device_without_engines() {
    let world = world("hisi_zip,engines=0,depth=8");
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let world = &world;
            scope.spawn(move || {
                let mut rig = Rig::open(world, COMPRESS);
                let data = text(1000 + thread);
                for _ in 0..50 {
                    let mut small = vec![0; 2000];
                    let made = rig.run(&request(Request::Gzip, &data, &mut small));
                    assert_eq!((made.status, made.consumed as usize), (0, data.len()));
                }
            });
        }
    });
    let counters = world.counters("hisi_zip-0").expect("device 0");
    assert_eq!((counters.completions, counters.errors), (200, 0));
}
