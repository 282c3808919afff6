//! What a doorbell says: 64 bits, stored at once.

use super::layout::Version;

/// Which ring a doorbell is for (`DOORBELL_CMD_SQ`, `DOORBELL_CMD_CQ`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// The index is the submission queue's new tail.
    Sq = 0,
    /// The index is the completion queue's new head.
    Cq = 1,
}

/// A doorbell in its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value {
    /// The queue's number.
    pub queue: u16,
    /// The command, as a number: a device must live with any.
    pub command: u16,
    /// The new tail or head.
    pub index: u16,
    /// For the completion queue bit 0 arms the interrupt for the next completion (`c_flag`).
    pub priority: u16,
}

/// Bits of the queue number from version 2 on.
const V2_QUEUE_MASK: u64 = 0x3ff;
/// Where the command lies from version 2 on.
const V2_COMMAND_SHIFT: u32 = 12;
/// Where the command lies in version 1.
const V1_COMMAND_SHIFT: u32 = 16;
const INDEX_SHIFT: u32 = 32;
const PRIORITY_SHIFT: u32 = 48;

/// Whether a doorbell can name this queue. One that it cannot would ring for another.
#[must_use]
pub const fn names(version: Version, queue: u16) -> bool {
    matches!(version, Version::V1) || queue as u64 <= V2_QUEUE_MASK
}

/// The doorbell for `queue`: the part that does not change from one to the next.
#[must_use]
pub const fn base(version: Version, queue: u16, command: Command) -> u64 {
    match version {
        Version::V1 => queue as u64 | (command as u64) << V1_COMMAND_SHIFT,
        _ => queue as u64 & V2_QUEUE_MASK | (command as u64) << V2_COMMAND_SHIFT,
    }
}

/// The doorbell with a new index, which is below 65536.
#[inline(always)]
#[must_use]
pub const fn with_index(base: u64, index: u32, arm: bool) -> u64 {
    base | (index as u64) << INDEX_SHIFT | (arm as u64) << PRIORITY_SHIFT
}

/// Takes a doorbell apart, as the device does.
#[must_use]
pub const fn decode(version: Version, value: u64) -> Value {
    let (queue, command) = match version {
        Version::V1 => (value as u16, (value >> V1_COMMAND_SHIFT) as u16),
        _ => (
            (value & V2_QUEUE_MASK) as u16,
            (value >> V2_COMMAND_SHIFT) as u16 & 0xf,
        ),
    };
    Value {
        queue,
        command,
        index: (value >> INDEX_SHIFT) as u16,
        priority: (value >> PRIORITY_SHIFT) as u16,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doorbells_have_the_bits_measured_on_the_seed() {
        // The seed's 1024th submission doorbell, and its first completion doorbell.
        let sq = base(Version::V1, 0, Command::Sq);
        assert_eq!(with_index(sq, 0, false), 0);
        let cq = base(Version::V1, 0, Command::Cq);
        assert_eq!(with_index(cq, 1, false), 0x0000_0001_0001_0000);
    }

    #[test]
    fn version_2_moves_the_command_below_bit_16() {
        let cq = base(Version::V2, 7, Command::Cq);
        assert_eq!(with_index(cq, 3, true), 0x0001_0003_0000_1007);
    }

    #[test]
    fn a_doorbell_decodes_to_what_was_encoded() {
        for version in [Version::V1, Version::V2, Version::V3, Version::V5] {
            for (queue, index) in [(0, 0), (1, 1023), (1023, 65535)] {
                for command in [Command::Sq, Command::Cq] {
                    let value = with_index(base(version, queue, command), u32::from(index), true);
                    let expected = Value {
                        queue,
                        command: command as u16,
                        index,
                        priority: 1,
                    };
                    assert_eq!(decode(version, value), expected);
                }
            }
        }
    }
}
