//! The first half of a compressor: literals and sequences, for an encoder that is
//! somebody else's.
//!
//! A sequence says: so many literals, then a match of so many bytes at such a
//! distance back. What follows the last sequence is literals. Sequences are
//! encoded in the 8 bytes that ZIP devices write, little-endian:
//!
//! | [`Format`] | bytes 0-3 | 4-5 | 6-7 | made for |
//! |---|---|---|---|---|
//! | `Zstd` | distance + 3 | literals, low 16 bits | length - 3 | sequence store of zstd |
//! | `Plain` | literals | distance - 1 | length - 3 | encoders of LZ4, Snappy |
//!
//! Distances of zstd are always written out, never as one of its three codes for
//! recent ones, so that a block does not depend on what its encoder did before.
//! At most one sequence of a `Zstd` block has more literals than 16 bits tell;
//! which, is said beside. The last match ends 5 bytes before the end or earlier
//! and begins 12 bytes before it or earlier, as LZ4 wants.

/// Bytes of the area of literals beyond the input's length.
pub const LITERALS_SPARE: usize = 16;
/// Bytes of a sequence.
pub const SEQUENCE: usize = 8;
/// Bytes between the sequences and the frequencies of a `Zstd` block.
pub const SEQUENCES_SPARE: usize = 8;
/// Bytes of frequencies behind a `Zstd` block's sequences.
pub const FREQUENCIES: usize = 784;
/// The longest input of a `Zstd` block: the longest block of that format.
pub const MAX_ZSTD: usize = 128 << 10;
/// The farthest a match may reach back.
pub const MAX_WINDOW: usize = 32 << 10;

/// No match is shorter. Three bytes would do for zstd, and rarely pay.
const MIN_MATCH: usize = 4;
/// The longest match that 16 bits tell.
const MAX_MATCH: usize = u16::MAX as usize + 3;
/// LZ4: the last match begins no later than this many bytes before the end.
const LAST_MATCH: usize = 12;
/// LZ4: the last bytes are literals.
const LAST_LITERALS: usize = 5;
/// The literals that 16 bits do not tell, and the sequence's number does.
const LONG_LITERALS: usize = 1 << 16;

const HASH_BITS: u32 = 15;
/// A power of two.
const CHAIN: usize = MAX_WINDOW;

/// How a sequence is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `lz77_zstd`.
    Zstd,
    /// `lz77_only`.
    Plain,
}

/// What to look for.
#[derive(Clone, Copy, Debug)]
pub struct Search {
    /// How sequences are encoded.
    pub format: Format,
    /// Bytes at the beginning of the data that are not encoded: the stream so far, for matches.
    pub history: usize,
    /// The farthest a match may reach back, at most [`MAX_WINDOW`].
    pub window: usize,
    /// Whether to search longer for better matches ("price mode").
    pub thorough: bool,
    /// Sequences there is room for. When it is used up the rest is literals.
    pub most: usize,
}

/// Literals and sequences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parsed<'a> {
    /// Literals of all sequences, and those after the last one.
    pub literals: &'a [u8],
    /// The sequences, encoded.
    pub sequences: &'a [[u8; SEQUENCE]],
    /// `Zstd`: the sequence that has 65536 literals more than it says.
    pub long_literals: Option<u32>,
}

/// Finds matches. It is made once (about 256 KiB) and used again: after the longest input so far it
/// does not allocate.
pub struct Lz77 {
    /// For the hash of four bytes the place after their last occurrence's first byte, or 0.
    heads: Box<[u32]>,
    /// For a place, modulo [`CHAIN`], what `heads` had before it.
    chain: Box<[u32]>,
    literals: Vec<u8>,
    sequences: Vec<[u8; SEQUENCE]>,
}

impl Lz77 {
    /// A searcher that can be used for any number of inputs.
    #[must_use]
    pub fn new() -> Lz77 {
        Lz77 {
            heads: vec![0; 1 << HASH_BITS].into_boxed_slice(),
            chain: vec![0; CHAIN].into_boxed_slice(),
            literals: Vec::new(),
            sequences: Vec::new(),
        }
    }

    /// Finds matches in `data`, at most 1 GiB.
    ///
    /// # Panics
    /// If the history is longer than the data.
    pub fn run(&mut self, data: &[u8], search: &Search) -> Parsed<'_> {
        assert!(search.history <= data.len() && data.len() <= 1 << 30);
        self.heads.fill(0);
        self.literals.clear();
        self.sequences.clear();
        for place in 0..search.history.min(data.len().saturating_sub(MIN_MATCH)) {
            self.insert(data, place);
        }
        let (mut place, mut anchor, mut long) = (search.history, search.history, None);
        let end = data.len().saturating_sub(LAST_MATCH - 1);
        while place < end && self.sequences.len() < search.most {
            let Some((at, found)) = self.next(data, place, end, search) else {
                break;
            };
            place = at;
            let run = place - anchor;
            if run >= LONG_LITERALS && search.format == Format::Zstd {
                // 128 KiB have no room for a second one.
                if long.is_some() || run >= 2 * LONG_LITERALS {
                    break;
                }
                long = Some(self.sequences.len() as u32);
            }
            self.literals.extend_from_slice(&data[anchor..place]);
            self.sequences.push(encode(search.format, run, found));
            anchor = place + found.length;
            // `next` has inserted the match's first place.
            for place in place + 1..anchor.min(end) {
                self.insert(data, place);
            }
            place = anchor;
        }
        self.literals.extend_from_slice(&data[anchor..]);
        Parsed {
            literals: &self.literals,
            sequences: &self.sequences,
            long_literals: long,
        }
    }

    /// The next match at or behind `place`, and where it begins.
    fn next(
        &mut self,
        data: &[u8],
        place: usize,
        end: usize,
        search: &Search,
    ) -> Option<(usize, Match)> {
        let mut at = place;
        while at < end {
            let head = self.insert(data, at);
            if let Some(mut found) = self.longest(data, at, head, search) {
                // A thorough search prefers the match at the next byte if that one is longer.
                while search.thorough && at + 1 < end {
                    let head = self.insert(data, at + 1);
                    match self.longest(data, at + 1, head, search) {
                        Some(better) if better.length > found.length => found = better,
                        _ => break,
                    }
                    at += 1;
                }
                return Some((at, found));
            }
            // Where matches are rare, look at fewer places.
            let rare = ((at - place) >> 6).min(31);
            at += 1 + if search.thorough { 0 } else { rare };
        }
        None
    }

    /// Notes `place`, and answers what was noted of these four bytes before.
    fn insert(&mut self, data: &[u8], place: usize) -> u32 {
        let head = &mut self.heads[hash(data, place)];
        let before = *head;
        // A thorough search inserts the byte behind a match's first before the match is taken.
        if before as usize != place + 1 {
            self.chain[place % CHAIN] = before;
            *head = place as u32 + 1;
            return before;
        }
        self.chain[place % CHAIN]
    }

    /// The longest match of `place` among the candidates that begin with `head`.
    fn longest(&self, data: &[u8], place: usize, head: u32, search: &Search) -> Option<Match> {
        let limit = (data.len() - LAST_LITERALS - place).min(MAX_MATCH);
        let window = search.window.min(MAX_WINDOW);
        let (mut best, mut longest) = (None, MIN_MATCH - 1);
        let mut candidate = head;
        for _ in 0..if search.thorough { 64 } else { 4 } {
            let Some(at) = (candidate as usize).checked_sub(1) else {
                break;
            };
            let distance = place.wrapping_sub(at);
            if !(1..=window).contains(&distance) {
                break;
            }
            if data[at + longest] == data[place + longest] {
                let length = common(&data[at..], &data[place..place + limit]);
                if length > longest {
                    (best, longest) = (Some(Match { length, distance }), length);
                    if length == limit {
                        break;
                    }
                }
            }
            // A place that has been overwritten in the chain leads forward, which ends it.
            let next = self.chain[at % CHAIN];
            if next >= candidate {
                break;
            }
            candidate = next;
        }
        best
    }
}

impl Default for Lz77 {
    fn default() -> Self {
        Lz77::new()
    }
}

#[derive(Clone, Copy)]
struct Match {
    length: usize,
    distance: usize,
}

fn encode(format: Format, literals: usize, found: Match) -> [u8; SEQUENCE] {
    let length = ((found.length - 3) as u64) << 48;
    let sequence = match format {
        Format::Zstd => length | u64::from(literals as u16) << 32 | (found.distance as u64 + 3),
        Format::Plain => length | (found.distance as u64 - 1) << 32 | literals as u64,
    };
    sequence.to_le_bytes()
}

fn hash(data: &[u8], place: usize) -> usize {
    let four = data[place..place + 4].try_into().expect("four bytes");
    // Knuth's multiplier: the golden ratio's digits spread over the high bits.
    (u32::from_le_bytes(four).wrapping_mul(0x9e37_79b1) >> (32 - HASH_BITS)) as usize
}

/// How many bytes at the beginning of both are equal, at most `b.len()`; `a` is longer.
fn common(a: &[u8], b: &[u8]) -> usize {
    let mut done = 0;
    for (x, y) in a.chunks_exact(8).zip(b.chunks_exact(8)) {
        let differ = eight(x) ^ eight(y);
        if differ != 0 {
            return done + differ.trailing_zeros() as usize / 8;
        }
        done += 8;
    }
    let rest = a[done..].iter().zip(&b[done..]);
    done + rest.take_while(|(x, y)| x == y).count()
}

fn eight(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes.try_into().expect("eight bytes"))
}

#[cfg(test)]
mod tests;
