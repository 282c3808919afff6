//! Nothing outside a region can be named, and entries come back as they were stored.

use super::*;

#[test]
fn nothing_outside_the_region_can_be_named() {
    let memory = SharedMemory::own(256).expect("256 bytes");
    assert!(memory.entries::<128>(0, 2).is_ok());
    assert!(memory.entries::<128>(0, 3).is_err());
    assert!(memory.entries::<128>(4, 2).is_err());
    assert!(memory.entries::<16>(usize::MAX, 1).is_err());
    assert!(memory.word(252).is_ok());
    assert!(memory.word(253).is_err());
    assert!(memory.word(256).is_err());
    assert!(memory.register(248).is_ok());
    assert!(memory.register(252).is_err());
    assert!(SharedMemory::own(0).is_err());
}

#[test]
#[cfg_attr(miri, ignore = "files")]
fn memory_in_a_file_is_the_file() {
    let memory = SharedMemory::own_file("test", 5000).expect("two pages");
    assert!(memory.len() >= 5000 && memory.len().is_multiple_of(super::super::pages::size()));
    let word = memory.word(4096).expect("inside");
    word.store(0x0403_0201, Ordering::Relaxed);
    let mut bytes = [0; 4];
    let file = memory.file().expect("it has one");
    nix::sys::uio::pread(file, &mut bytes, 4096).expect("readable");
    assert_eq!(u32::from_ne_bytes(bytes), 0x0403_0201);
    assert!(SharedMemory::own(4096).expect("memory").file().is_none());
    assert!(SharedMemory::own_file("test", 0).is_err());
}

#[test]
fn an_entry_comes_back_as_it_was_stored() {
    let memory = SharedMemory::own(512).expect("512 bytes");
    let entries = memory.entries::<128>(128, 3).expect("fits");
    let mut sent = [0_u8; 128];
    sent.iter_mut().enumerate().for_each(|(i, b)| *b = i as u8);
    let entry = entries.at(2).expect("three entries");
    entry.store(&sent);
    let mut back = [0; 128];
    entry.load(&mut back);
    assert_eq!(back, sent);
    assert_eq!(
        entry.load_word(1, Ordering::Relaxed),
        u32::from_ne_bytes([4, 5, 6, 7])
    );
    entries.at(1).expect("three entries").load(&mut back);
    assert_eq!(back, [0; 128]);
}

#[test]
fn an_entry_out_of_range_does_not_exist() {
    let memory = SharedMemory::own(384).expect("384 bytes");
    let entries = memory.entries::<128>(0, 3).expect("fits");
    assert!(entries.at(2).is_some());
    assert!(entries.at(3).is_none());
    assert!(entries.at(usize::MAX).is_none());
}

#[test]
#[should_panic(expected = "word 32 of 32")]
fn a_word_out_of_range_panics_instead_of_reading_elsewhere() {
    let memory = SharedMemory::own(384).expect("384 bytes");
    let entries = memory.entries::<128>(0, 3).expect("fits");
    let _ = entries
        .at(0)
        .expect("three entries")
        .load_word(32, Ordering::Relaxed);
}
