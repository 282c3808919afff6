//! Places of fields, and codes.

use super::*;
use proptest::prelude::*;

#[test]
fn fields_lie_where_the_seed_header_has_them() {
    let sqe = Sqe {
        consumed: 0x0101_0101,
        produced: 0x0202_0202,
        status: 0x0d,
        input_length: 0x0404_0404,
        request: 2,
        tag: 0x0505_0505,
        output_space: 0x0080_0000,
        source: 0x1122_3344_5566_7788,
        destination: 0x99aa_bbcc_ddee_ff00,
        ..Sqe::default()
    };
    let bytes = sqe.encode();
    let at =
        |offset: usize| u32::from_le_bytes(bytes[offset..offset + 4].try_into().expect("4 bytes"));
    assert_eq!(at(0x00), 0x0101_0101);
    assert_eq!(at(0x04), 0x0202_0202);
    assert_eq!(at(0x0c), 0x0d);
    assert_eq!(at(0x10), 0x0404_0404);
    assert_eq!(at(0x24), 2);
    assert_eq!(at(0x34), 0x0505_0505);
    assert_eq!(at(0x38), 0x0080_0000);
    assert_eq!((at(0x48), at(0x4c)), (0x5566_7788, 0x1122_3344));
    assert_eq!((at(0x50), at(0x54)), (0xddee_ff00, 0x99aa_bbcc));
    assert_eq!(status(&bytes), Status::Expanded);
}

#[test]
fn every_status_code_is_kept() {
    for code in 0..=255 {
        assert_eq!(Status::from_code(code).code(), code);
    }
    let good: Vec<u8> = (0..=255)
        .filter(|c| Status::from_code(*c).is_good())
        .collect();
    assert_eq!(good, [0, 0x0d]);
}

#[test]
fn results_leave_the_callers_words_alone() {
    let mut bytes = [0xA5; SIZE];
    Sqe::default().write_results(&mut bytes);
    let untouched: Vec<usize> = (0..32)
        .filter(|w| bytes[w * 4..w * 4 + 4] == [0xA5; 4])
        .collect();
    let written = [0, 1, 2, 3, 15, 28, 29, 30, 31];
    assert!((0..32).all(|w| written.contains(&w) != untouched.contains(&w)));
}

#[test]
fn every_request_code_is_kept() {
    let known: Vec<u8> = (0..=255)
        .filter(|c| Request::from_code(*c).is_some())
        .collect();
    assert_eq!(known, [1, 2, 3, 4, 0x40, 0x41, 0x42, 0x43]);
    for code in known {
        assert_eq!(Request::from_code(code).map(Request::code), Some(code));
    }
}

fn bytes() -> impl Strategy<Value = Bytes> {
    proptest::collection::vec(any::<u8>(), SIZE).prop_map(|v| v.try_into().expect("128 bytes"))
}

proptest! {
    #[test]
    fn decoding_what_was_encoded_gives_the_fields_again(bytes in bytes()) {
        let sqe = Sqe::decode(&bytes);
        prop_assert_eq!(Sqe::decode(&sqe.encode()), sqe);
    }
}
