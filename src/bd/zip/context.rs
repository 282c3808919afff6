//! A stream's context: the memory in which the engine keeps a stream between its
//! requests, and the three words of it that travel in the descriptor.

/// Bytes that software gives each stream.
pub const SIZE: usize = 0x1_0000;
/// Software's words come first; the engine is given the address behind them.
pub const HARDWARE: usize = 64;
/// Where software's own buffer begins. The engine uses nothing from here on.
pub const STORE: usize = 0x9800;

/// In the engine's part: repeat codes of LZ77 for zstd, three words, and behind them the literal
/// length that is carried over, one word.
pub const REPEAT_CODES: usize = 784;
/// In the engine's part: input of a block that is not begun yet lies here, behind the window, whose
/// length is rounded up to 16 bytes ([`Words::head_bits_at`]).
const HEAD_BITS: usize = 0xc00;

/// The words of a descriptor (`ctx_dw0` to `ctx_dw2`) that belong to a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Words(pub [u32; 3]);

/// How a request of a stream that is decompressed left off (bits 0-3 of the first word).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// 1 (`HZ_DECOMP_NO_SPACE`): all input is taken, and output is left that had no room.
    OutputPending,
    /// 2 (`HZ_DECOMPING_NO_SPACE`): the output was full before the input was used up.
    OutputFull,
    /// 3 (`HZ_DECOMP_BLK_NOSTART`): the next block is not begun.
    BlockNotStarted,
    /// 4 (`HZ_DECOMP_NO_CRC`): the end was reached, and there was no checksum.
    NoChecksum,
    /// Any other number: nothing that software has to care for.
    Other(u8),
}

impl State {
    /// The number in the word, 4 bits.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            State::OutputPending => 1,
            State::OutputFull => 2,
            State::BlockNotStarted => 3,
            State::NoChecksum => 4,
            State::Other(code) => code & 0xf,
        }
    }
}

impl Words {
    /// How the request left off.
    #[must_use]
    pub const fn state(self) -> State {
        match self.0[0] as u8 & 0xf {
            1 => State::OutputPending,
            2 => State::OutputFull,
            3 => State::BlockNotStarted,
            4 => State::NoChecksum,
            code => State::Other(code),
        }
    }

    /// The same words with another state.
    #[must_use]
    pub const fn with_state(self, state: State) -> Words {
        let [first, second, third] = self.0;
        Words([first & !0xf | state.code() as u32, second, third])
    }

    /// The block that is read is the last of the stream.
    #[must_use]
    pub const fn final_block(self) -> bool {
        self.0[0] & 0x80 != 0
    }

    /// Bits of input that the engine has taken and not used, less than 64.
    #[must_use]
    pub const fn head_bits(self) -> u32 {
        self.0[0] >> 10 & 0x3f
    }

    /// Bytes of a stored block that are still to come.
    #[must_use]
    pub const fn stored_left(self) -> u32 {
        self.0[1] & 0x7_ffff
    }

    /// Bytes of the stream that the engine keeps to copy from.
    #[must_use]
    pub const fn window_length(self) -> u32 {
        self.0[2] & 0xffff
    }

    /// Where in the engine's part of the context the bits of [`Words::head_bits`] lie.
    #[must_use]
    pub const fn head_bits_at(self) -> usize {
        HEAD_BITS + (self.window_length() as usize).next_multiple_of(16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_the_words_lie_where_the_driver_in_c_looks() {
        let words = Words([3 | 0x80 | 37 << 10, 0x7_ffff | 1 << 19, 0x1_8001]);
        assert_eq!(words.state(), State::BlockNotStarted);
        assert!(words.final_block());
        assert_eq!(words.head_bits(), 37);
        assert_eq!(words.stored_left(), 0x7_ffff);
        assert_eq!(words.window_length(), 0x8001);
        assert_eq!(words.head_bits_at(), 0xc00 + 0x8010);
        assert_eq!(Words::default().head_bits_at(), 0xc00);
    }

    #[test]
    fn a_state_changes_nothing_but_itself() {
        let words = Words([u32::MAX, 5, 7]);
        for code in 0..16 {
            let set = words.with_state(State::Other(code));
            assert_eq!(set.state().code(), code);
            assert_eq!(set.0, [!0xf | u32::from(code), 5, 7]);
        }
    }
}
