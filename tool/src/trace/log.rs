//! The file of a trace: one JSON object a line, in the order in which things
//! happened as the program saw it.

use crate::fail::{Fail, Result};
use serde::{Deserialize, Serialize};
use std::io::BufRead;
use warpdrive::bd::zip;

/// A line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A queue was opened.
    Queue {
        /// Its number in this trace.
        queue: u32,
        /// The device's name.
        device: String,
        /// Whether the device is simulated.
        simulated: bool,
        /// The queue interface, `hisi_qm_v2`.
        api: String,
        /// The queue's type: 0 compresses, 1 decompresses.
        kind: u16,
        /// Entries of its submission ring.
        sq_depth: u16,
        /// Entries of its completion ring.
        cq_depth: u16,
    },
    /// A descriptor was written and the doorbell rung.
    Submit {
        /// Its queue.
        queue: u32,
        /// Nanoseconds since the trace began.
        ns: u64,
        /// The slot of the submission ring.
        slot: u16,
        /// The descriptor, 128 bytes in hexadecimal.
        descriptor: String,
        /// The input in hexadecimal, unless it was left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        input: Option<String>,
    },
    /// A completion was taken from the ring.
    Complete {
        /// Its queue.
        queue: u32,
        /// Nanoseconds since the trace began, when the program took it.
        ns: u64,
        /// The entry of the completion ring.
        entry: u16,
        /// The slot that it names.
        slot: u16,
        /// The completion, 16 bytes in hexadecimal.
        completion: String,
        /// The descriptor with the results in it.
        descriptor: String,
        /// CRC-32 of the output.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        output_crc32: Option<u32>,
    },
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| DIGITS[usize::from(nibble & 15)] as char;
    let pair = |byte: &u8| [digit(byte >> 4), digit(*byte)];
    bytes.iter().flat_map(pair).collect()
}

/// Bytes from hexadecimal digits.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let value = |digit: u8| (digit as char).to_digit(16).map(|value| value as u8);
    let pair = |pair: &[u8]| Some(value(pair[0])? << 4 | value(*pair.get(1)?)?);
    text.as_bytes().chunks(2).map(pair).collect()
}

/// A descriptor from its digits.
pub fn descriptor(text: &str) -> Option<zip::Bytes> {
    unhex(text)?.try_into().ok()
}

/// A trace as [`read`] takes it.
pub fn write(events: &[Event]) -> Result<String> {
    let mut text = String::new();
    for event in events {
        text += &serde_json::to_string(event).map_err(|error| Fail::at("JSON", error))?;
        text.push('\n');
    }
    Ok(text)
}

/// Reads a trace. A line that is none is named by its number.
pub fn read(source: impl BufRead) -> Result<Vec<Event>> {
    let mut events = Vec::new();
    for (number, line) in source.lines().enumerate() {
        let line = line.map_err(|error| Fail::new(error.to_string()))?;
        let at = |error| Fail::at(format!("line {}", number + 1), error);
        let event: serde_json::Result<Event> = serde_json::from_str(&line);
        events.push(event.map_err(at)?);
    }
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_bytes_and_back() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(unhex(&hex(&bytes)), Some(bytes));
        assert_eq!(unhex("0"), None);
        assert_eq!(unhex("0g"), None);
    }
}
